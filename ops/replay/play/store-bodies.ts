import { warned } from '../../../actors/api-server/apply/apply.ts';
import { LIMITS, type Limits } from '../../../actors/api-server/limits.ts';
import type { Obj } from '../../../actors/api-server/object.ts';
import { parseOptions } from '../../../actors/api-server/options.ts';
import { answeredAs } from '../../../actors/api-server/read/plan-accepted.ts';
import { decodeContinue, encodeContinue, planPage } from '../../../actors/api-server/read/plan-list.ts';
import { selection } from '../../../actors/api-server/read/selection.ts';
import { alreadyExists, modified, notFound } from '../../../actors/api-server/refusals.ts';
import { qualified } from '../../../actors/api-server/request.ts';
import { findKind, presentedAs, type Served } from '../../../actors/api-server/served.ts';
import { openRec } from '../../../actors/kernel/journal/sealed-record.ts';
import { recordBytes } from '../../../actors/kernel/turns/call-routing.ts';
import { encodingOfQuestion } from '../../../actors/kernel/turns/replies.ts';
import { withRevision } from '../../../actors/kernel/view/cache.ts';
import type { ContentType } from '../../../contracts/codec/codec.ts';
import { type Status, success } from '../../../contracts/errors/status.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import type { ApplyOutcome } from '../../../contracts/messages/api.ts';
import { storeKey } from '../../../contracts/store/keys.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { turnOfCall } from '../explain/plan-calls.ts';
import { revisionIn } from '../explain/plan-causes.ts';
import { heardBody } from './bodies.ts';
import type { ReplaySession } from './session.ts';
import type { Frame } from './session-frame.ts';

/** What may have been said then, and the encoding in which. */
export interface Candidate {
  readonly body: unknown;
  readonly type: ContentType;
}

/**
 * What an api-server may have answered to the question behind an inbox, of what the store held: an object, or a list; or
 * that it did not.
 */
export function* storeBodies(session: ReplaySession, frame: Frame, inbox: string): Iterable<Candidate> {
  const turn = turnOfCall(session.turns, frame.index, inbox);
  const { incarnation, sealer } = session.playable;
  const call = turn?.sealed === true ? openRec(turn.rec, sealer) : turn?.rec;
  if (turn === undefined || call?.t !== 'call') return;
  const tokens = SUBJECTS.api.parse(incarnation.self.prefix, call.subject);
  if (tokens === undefined) return;
  const [resource = ''] = tokens.resource.split('/');
  const namespace = tokens.namespace === '_' ? '' : tokens.namespace;
  const served = findKind(resource);
  const type = encodingOfQuestion(recordBytes(call.body), call.headers);
  const bodies =
    tokens.verb === 'list'
      ? lists(session, served, namespace, heardBody(turn, sealer))
      : objects(session, frame, served, namespace, tokens.name);
  // Whole, and as a client gets it who asks for the metadata alone.
  const forms = (body: unknown): readonly unknown[] =>
    tokens.verb === 'apply' ? applied(body) : [body, answeredAs('metadata', body)];
  for (const body of bodies) yield* forms(body).map((form) => ({ body: form, type }));
  for (const body of refusals(served, tokens.name, heardBody(turn, sealer))) yield { body, type };
}

/** As somebody is told who applied an object. */
function applied(object: unknown): readonly unknown[] {
  const { apiVersion, kind, metadata } = object as Obj;
  const { namespace, name } = metadata;
  const item = { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name };
  const results = (warnings: (outcome: ApplyOutcome) => object): readonly unknown[] =>
    OUTCOMES.map((outcome) => ({
      apiVersion: 'troupe/v1',
      kind: 'ApplyResult',
      items: [{ ...item, outcome, ...warnings(outcome), object }],
    }));
  // An api-server of an earlier build did not warn.
  return [...results((outcome) => warned(outcome, object as Obj)), ...results(() => ({}))];
}

const OUTCOMES: readonly ApplyOutcome[] = ['created', 'configured', 'unchanged'];

/** That it is not there, is there already, or was written by somebody else: what is mostly refused to whom nobody records. */
function refusals({ kind }: Served, name: string, question: unknown): readonly Status[] {
  const metadata = isPlain(question) && isPlain(question['metadata']) ? question['metadata'] : {};
  const named = name === '_' || name === '' ? metadata['name'] : name;
  if (typeof named !== 'string') return [];
  return [notFound, alreadyExists, modified].map((refusal) => refusal(qualified(kind), named).status);
}

/** As it was read, or as it was written; or that it is gone. */
function* objects(
  session: ReplaySession,
  { turn: { rec } }: Frame,
  { kind, version }: Served,
  namespace: string,
  name: string,
): Iterable<unknown> {
  const viewed = session.view().at(storeKey(kind.resource, namespace, name));
  if (viewed !== undefined) yield presentedAs(version, viewed as Obj);
  const written = rec.t === 'answer' && rec.result instanceof Uint8Array ? revisionIn(rec.result) : undefined;
  if (written === undefined) return;
  for (const { object } of session.playable.history.writes(written - 1, written)) {
    if (object !== undefined) yield presentedAs(version, withRevision(object, written) as Obj);
    else yield gone(kind, name, session.viewAt(written - 1).at(storeKey(kind.resource, namespace, name)));
  }
}

const gone = ({ resource, group }: Served['kind'], name: string, last: KubeObject | undefined): Status =>
  success({
    name,
    kind: resource,
    ...(group === '' ? {} : { group }),
    ...(last?.metadata?.uid === undefined ? {} : { uid: last.metadata.uid }),
  });

/** As an api-server makes one: a page of what was asked for, or all that there is. */
function* lists(
  session: ReplaySession,
  { kind, version }: Served,
  namespace: string,
  question: unknown,
): Iterable<unknown> {
  const options = parseOptions('list', question);
  const from = options.continue === undefined ? undefined : decodeContinue(options.continue);
  const view = from === undefined ? session.view() : session.viewAt(from.revision);
  const all = view.list(kind.resource, namespace === '' ? undefined : namespace) as readonly Obj[];
  const limits = limitsOf(session);
  const page = planPage(kind.resource, all, from?.after, selection(kind, options), {
    items: Math.min(options.limit || limits.pageItems, limits.pageItems),
    bytes: limits.pageBytes,
  });
  const revision = from?.revision ?? view.revision;
  const list = (items: readonly Obj[], more: object): unknown => ({
    apiVersion: version.apiVersion,
    kind: `${kind.kind}List`,
    metadata: { resourceVersion: String(revision), ...more },
    items: items.map((object) => presentedAs(version, object)),
  });
  const { items, last: after, remaining: remainingItemCount } = page;
  if (after === undefined) yield list(items, {});
  else {
    const more = { continue: encodeContinue({ revision, after }) };
    yield list(items, more);
    yield list(items, { ...more, remainingItemCount });
  }
  if (items.length < all.length) yield list(all, {});
}

/** With which the api-server was made that was recorded. */
function limitsOf({ playable: { incarnation } }: ReplaySession): Limits {
  const { config } = incarnation;
  const given = isPlain(config) && isPlain(config['limits']) ? (config['limits'] as Partial<Limits>) : {};
  return { ...LIMITS, ...given };
}
