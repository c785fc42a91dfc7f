import { answeredAs } from '../../actors/api-server/plan-accepted.ts';
import { hashOf } from '../../actors/kernel/journal/hash.ts';
import type { SaidThen, Sealer } from '../../actors/kernel/journal/journal.ts';
import { encode, JSON_TYPE, MSGPACK_TYPE } from '../../contracts/codec/codec.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { kindByResource } from '../../contracts/kinds/registry.ts';
import { storeKey } from '../../contracts/store/keys.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { shownOf } from './bodies.ts';
import { callBehind } from './plan-calls.ts';
import { revisionIn } from './plan-causes.ts';
import type { ReplaySession } from './session.ts';
import type { Frame } from './session-frame.ts';

/**
 * The body of an answer that was recorded by its hash alone, where it is what the store held: an object as it was read or
 * as it was written, or a list. The hash proves it, so it is what was said, not a guess.
 * @returns undefined when it was something else
 */
export function bodyThen(session: ReplaySession, frame: Frame, then: SaidThen): unknown {
  if (then.body !== undefined || then.hash === '' || then.kind !== 'reply') return undefined;
  const found = forms(candidates(session, frame, then.subject)).find((body) =>
    isBodyOf(then, body, session.playable.sealer),
  );
  return found === undefined ? undefined : shownOf(then.subject, found);
}

function isBodyOf({ kind, subject, hash, keyed, size }: SaidThen, body: unknown, sealer: Sealer | undefined): boolean {
  return ([MSGPACK_TYPE, JSON_TYPE] as const).some((type) => {
    const bytes = encode(body, type);
    if (bytes.length !== size) return false;
    const own = hashOf(kind, subject, bytes);
    return (keyed === true ? sealer?.keyed(own) : own) === hash;
  });
}

/** Whole, and as a client gets it who asks for the metadata alone. */
const forms = (bodies: readonly unknown[]): readonly unknown[] =>
  bodies.flatMap((body) => [body, answeredAs('metadata', body)]);

function candidates(session: ReplaySession, { turn, index }: Frame, inbox: string): readonly unknown[] {
  const { playable, turns } = session;
  const call = callBehind(turns, index, inbox);
  const tokens = call === undefined ? undefined : SUBJECTS.api.parse(playable.incarnation.self.prefix, call);
  if (tokens === undefined) return [];
  const written =
    turn.rec.t === 'answer' && turn.rec.result instanceof Uint8Array ? revisionIn(turn.rec.result) : undefined;
  const writes = written === undefined ? [] : [...playable.history.writes(written - 1, written)];
  const [resource = ''] = tokens.resource.split('/');
  const namespace = tokens.namespace === '_' ? '' : tokens.namespace;
  const view = session.view();
  if (tokens.verb === 'list')
    return listsOf(view.list(resource, namespace === '' ? undefined : namespace), resource, view.revision);
  return [view.at(storeKey(resource, namespace, tokens.name)), ...writes.map(({ object }) => object)].filter(
    (object) => object !== undefined,
  );
}

/** As an api-server makes a list that is told whole. */
function listsOf(items: readonly KubeObject[], resource: string, revision: number): readonly unknown[] {
  const kind = kindByResource(resource);
  return (kind?.versions ?? []).map(({ apiVersion }) => ({
    apiVersion,
    kind: `${kind?.kind ?? ''}List`,
    metadata: { resourceVersion: String(revision) },
    items,
  }));
}
