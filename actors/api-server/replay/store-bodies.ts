import { type ContentType, decode } from '../../../contracts/codec/codec.ts';
import { type Status, success } from '../../../contracts/errors/status.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { kindsIn } from '../../../contracts/kinds/registry.ts';
import type { ApplyOutcome } from '../../../contracts/messages/api.ts';
import { storeKey } from '../../../contracts/store/keys.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { Rec } from '../../kernel/contract.ts';
import { openRec } from '../../kernel/journal/sealed-record.ts';
import { turnOfCall } from '../../kernel/replay-calls.ts';
import type { PossibleBody, TurnInReplay } from '../../kernel/replay-knowledge.ts';
import { recordBytes } from '../../kernel/turns/call-routing.ts';
import { encodingOfQuestion } from '../../kernel/turns/replies.ts';
import { withRevision } from '../../kernel/view/cache.ts';
import { alreadyExists, modified, notFound } from '../api-errors.ts';
import { warned } from '../apply/apply.ts';
import { LIMITS, type Limits } from '../limits.ts';
import type { Obj } from '../object.ts';
import { parseOptions } from '../options.ts';
import { answeredAs } from '../read/plan-accept-header.ts';
import { decodeContinue, encodeContinue, planPage } from '../read/plan-list.ts';
import { selection } from '../read/selectors.ts';
import { qualified } from '../request.ts';
import { presentedAs, type Served } from '../served-kinds.ts';
import { revisionIn } from './written-revision.ts';

/** Possible answers to the request behind an inbox: an object or a list as the store held it, or a common refusal. */
export function* storeBodies(replayed: TurnInReplay, inbox: string): Iterable<PossibleBody> {
  const { incarnation, turns, index, sealer } = replayed;
  const turn = turnOfCall(turns, index, inbox);
  const call = turn?.sealed === true ? openRec(turn.rec, sealer) : turn?.rec;
  if (call?.t !== 'call') return;
  const tokens = SUBJECTS.api.parse(incarnation.self.prefix, call.subject);
  if (tokens === undefined) return;
  const [resource = ''] = tokens.resource.split('/');
  const namespace = tokens.namespace === '_' ? '' : tokens.namespace;
  const served = kindsIn(replayed.view()).named(resource);
  if (served === undefined) return;
  const type: ContentType = encodingOfQuestion(recordBytes(call.body), call.headers);
  const question = questionIn(call);
  const bodies =
    tokens.verb === 'list'
      ? lists(replayed, served, namespace, question)
      : objects(replayed, served, namespace, tokens.name);
  // In full, and as a client receives it that asks for the metadata only.
  const forms = (body: unknown): readonly unknown[] =>
    tokens.verb === 'apply' ? applied(body) : [body, answeredAs('metadata', body)];
  for (const body of bodies) yield* forms(body).map((form) => ({ body: form, type }));
  for (const body of refusals(served, tokens.name, question)) yield { body, type };
}

function questionIn({ body, headers }: Extract<Rec, { t: 'call' }>): unknown {
  try {
    return decode(recordBytes(body), headers[HEADER.contentType]);
  } catch {
    return undefined;
  }
}

/** Possible answers to an apply request that resulted in this object. */
function applied(object: unknown): readonly unknown[] {
  const { apiVersion, kind, metadata } = object as Obj;
  const { namespace, name } = metadata;
  const item = { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name };
  return OUTCOMES.map((outcome) => ({
    apiVersion: 'troupe/v1',
    kind: 'ApplyResult',
    items: [{ ...item, outcome, ...warned(outcome, object as Obj), object }],
  }));
}

const OUTCOMES: readonly ApplyOutcome[] = ['created', 'configured', 'unchanged'];

/** The most frequent refusals: not found, already exists, modified by another writer. */
function refusals({ kind }: Served, name: string, question: unknown): readonly Status[] {
  const metadata = isPlain(question) && isPlain(question['metadata']) ? question['metadata'] : {};
  const named = name === '_' || name === '' ? metadata['name'] : name;
  if (typeof named !== 'string') return [];
  return [notFound, alreadyExists, modified].map((refusal) => refusal(qualified(kind), named).status);
}

/** The object as it was read or written, or the status of its deletion. */
function* objects(
  { turn: { rec }, history, view, viewAt }: TurnInReplay,
  { kind, version }: Served,
  namespace: string,
  name: string,
): Iterable<unknown> {
  const key = storeKey(kind.resource, namespace, name);
  const viewed = view().at(key);
  if (viewed !== undefined) yield presentedAs(version, viewed as Obj);
  const written = rec.t === 'answer' && rec.result instanceof Uint8Array ? revisionIn(rec.result) : undefined;
  if (written === undefined) return;
  for (const { object } of history.writes(written - 1, written)) {
    if (object !== undefined) yield presentedAs(version, withRevision(object, written) as Obj);
    else yield deleted(kind, name, viewAt(written - 1).at(key));
  }
}

const deleted = ({ resource, group }: Served['kind'], name: string, last: KubeObject | undefined): Status =>
  success({
    name,
    kind: resource,
    ...(group === '' ? {} : { group }),
    ...(last?.metadata?.uid === undefined ? {} : { uid: last.metadata.uid }),
  });

/** The page that was asked for, or the whole list. */
function* lists(
  { incarnation, view: viewNow, viewAt }: TurnInReplay,
  { kind, version }: Served,
  namespace: string,
  question: unknown,
): Iterable<unknown> {
  const options = parseOptions('list', question);
  const from = options.continue === undefined ? undefined : decodeContinue(options.continue);
  const view = from === undefined ? viewNow() : viewAt(from.revision);
  const all = view.list(kind.resource, namespace === '' ? undefined : namespace) as readonly Obj[];
  const limits = limitsOf(incarnation);
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

/** The limits that the recorded api-server was configured with. */
function limitsOf({ config }: TurnInReplay['incarnation']): Limits {
  const given = isPlain(config) && isPlain(config['limits']) ? (config['limits'] as Partial<Limits>) : {};
  return { ...LIMITS, ...given };
}
