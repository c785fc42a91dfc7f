import { concat, defer, isObservable, type Observable, of } from 'rxjs';
import { catchError, map, mergeMap, toArray } from 'rxjs/operators';
import { decodeAll } from '../../../contracts/codec/codec.ts';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import { warningsOf } from '../../../contracts/kinds/pod-template/not-acted-upon.ts';
import type { ApplyItem, ApplyOutcome, ApplyResult } from '../../../contracts/messages/api.ts';
import { storeKey } from '../../../contracts/store/keys.ts';
import { nodeOfUser } from '../../../contracts/subjects/users.ts';
import type { Call, Said } from '../../kernel/contract.ts';
import { type Answer, askStore, type Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { freshly } from '../read/reads.ts';
import { badRequest, statusOf } from '../refusals.ts';
import type { Request, Target } from '../request.ts';
import { findKind, kindOfDocument, presented } from '../served.ts';
import { admittedNew } from '../write/admission.ts';
import { create } from '../write/create.ts';
import { EVENTS, isEvent } from '../write/events.ts';
import { placed } from '../write/placed.ts';
import { planEdit, whole } from '../write/update.ts';
import { change } from '../write/write.ts';
import { planApply, planFirst } from './plan-apply.ts';
import { placeOfOutcome, planOutcomeEvent } from './plan-outcome-event.ts';

interface Applied {
  readonly outcome: ApplyOutcome;
  readonly object: Obj;
}

/** The verb `apply`: one object, created or brought to what the manifest says. */
export function applyOne(context: Context, request: Request, body: unknown): Observable<ApplyResult> {
  const manifest = placed(request, body);
  const target = { ...request, namespace: manifest.metadata.namespace ?? '', name: manifest.metadata.name ?? '' };
  return applied(context, target, manifest).pipe(
    map(({ outcome, object }) => {
      const shown = presented(target, object);
      return result([{ ...itemOf(shown), outcome, ...warned(outcome, shown), object: shown }]);
    }),
  );
}

/** Creates or updates; again when somebody else wrote in between. */
function applied(context: Context, target: Target, manifest: Obj): Observable<Applied> {
  if (isEvent(target.kind))
    throw statusError('MethodNotAllowed', 'apply: events are told, not wanted; use the verb create');
  if (target.name === '')
    throw badRequest(`apply ${target.kind.kind}: metadata.name must be given; generateName is for the verb create`);
  const attempt = (left: number): Observable<Applied> =>
    freshly(context, target).pipe(
      mergeMap((current) =>
        current === undefined ? created(context, target, manifest) : configured(context, target, manifest),
      ),
      catchError((error: unknown) => {
        const raced = error instanceof StatusError && (error.reason === 'AlreadyExists' || error.status.code === 404);
        // A namespace that is missing stays missing; an object that came or went in between is looked at again.
        if (raced && left > 0 && error.status.details?.name === target.name) return attempt(left - 1);
        throw error;
      }),
    );
  return attempt(context.limits.retries);
}

function created(context: Context, target: Target, manifest: Obj): Observable<Applied> {
  const made = create(context, target, planFirst(manifest));
  const later = isObservable(made) ? made : of(made);
  return later.pipe(map((object) => ({ outcome: 'created', object })));
}

function configured(context: Context, target: Target, manifest: Obj): Observable<Applied> {
  const plan = planEdit(target, whole(target), (shown) => planApply(target, manifest, shown));
  return change(context, target, plan, context.limits.retries).pipe(
    map(({ type, object }) => ({ outcome: type === 'keep' ? 'unchanged' : 'configured', object })),
  );
}

/* Manifests: `apply.<caller>.<namespace>`. */

interface ApplyTokens {
  readonly caller: string;
  readonly namespace: string;
}

/** A manifest of several documents: each has its own outcome, in their order. */
export function applyManifest(context: Context, call: Call): Observable<Said> {
  const { world } = context;
  const tokens = call.tokens as ApplyTokens | undefined;
  const answer = (body: unknown): Said => world.reply(call, body);
  const failed = (error: unknown): Observable<Said> => {
    const status = statusOf(error);
    if (call.reply !== undefined) return of(answer(status));
    return tokens === undefined ? of() : told(context, call, tokens, [{ status }]);
  };
  let outcome: Observable<readonly ApplyItem[]>;
  try {
    outcome = applyDocuments(context, call, tokens);
  } catch (error) {
    return failed(error);
  }
  return outcome.pipe(
    mergeMap((items) =>
      call.reply === undefined && tokens !== undefined ? told(context, call, tokens, items) : of(answer(result(items))),
    ),
    catchError(failed),
  );
}

function applyDocuments(
  context: Context,
  call: Call,
  tokens: ApplyTokens | undefined,
): Observable<readonly ApplyItem[]> {
  const { prefix } = context.world.self;
  if (tokens === undefined) {
    throw badRequest(
      `subject "${call.subject}" is not understood; use ${prefix}.apply.<caller>.<namespace>, "_" for any namespace`,
    );
  }
  if (nodeOfUser(tokens.caller) !== undefined) {
    throw statusError('Forbidden', `apply: user "${tokens.caller}" is a node; nodes apply no manifests`);
  }
  const documents = decodeAll(call.bytes, call.headers[HEADER.contentType]).flatMap(itemsOfList);
  if (documents.length === 0) throw badRequest('apply: the manifest is empty');
  if (documents.length > context.limits.batch) {
    throw statusError(
      'RequestEntityTooLarge',
      `apply: ${documents.length} documents; at most ${context.limits.batch} go in one message`,
    );
  }
  const items = documents.map((document) => applyDocument(context, document, tokens.namespace));
  // What is refused at once is no link of the chain: a thousand such links in a row would nest a thousand calls.
  return concat(...items.filter((item) => isObservable(item))).pipe(
    toArray(),
    map((asked) => {
      const answers = asked.values();
      return items.map((item) => (isObservable(item) ? (answers.next().value as ApplyItem) : item));
    }),
  );
}

/** A `List` stands for its items. */
const itemsOfList = (document: unknown): readonly unknown[] =>
  isPlain(document) && document['kind'] === 'List' && Array.isArray(document['items'])
    ? (document['items'] as unknown[])
    : [document];

function applyDocument(context: Context, document: unknown, namespace: string): Answer<ApplyItem> {
  const item = itemOf(document);
  try {
    const { target, manifest } = placeDocument(document, namespace);
    return applied(context, target, manifest).pipe(
      map(({ outcome, object }) => ({ ...itemOf(object), ...kindIn(document), outcome, ...warned(outcome, object) })),
      catchError((error: unknown) => of({ ...itemOf(manifest), status: statusOf(error) })),
    );
  } catch (error) {
    return { ...item, status: statusOf(error) };
  }
}

/** @param confined the subject's namespace; empty = any. @throws StatusError BadRequest, Forbidden */
function placeDocument(document: unknown, confined: string): { readonly target: Target; readonly manifest: Obj } {
  if (!isPlain(document))
    throw badRequest('apply: every document must be an object with apiVersion, kind and metadata');
  const { kind, version } = kindOfDocument(document['apiVersion'], document['kind']);
  const { name = '', namespace } = itemOf(document);
  if (confined !== '' && !kind.namespaced) {
    throw statusError(
      'Forbidden',
      `apply ${kind.kind} "${name}": this subject is confined to namespace "${confined}", and ${kind.kind} objects are in none`,
    );
  }
  if (confined !== '' && namespace !== undefined && namespace !== confined) {
    throw statusError(
      'Forbidden',
      `apply ${kind.kind} "${name}": namespace "${namespace}" is outside of "${confined}", to which this subject is confined`,
    );
  }
  const place = kind.namespaced ? (namespace ?? (confined === '' ? 'default' : confined)) : '';
  const target = { kind, version, namespace: place, name };
  return { target, manifest: placed(target, document) };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function kindIn(document: unknown): Pick<ApplyItem, 'apiVersion' | 'kind'> {
  const { apiVersion, kind } = isPlain(document) ? document : {};
  return {
    ...(text(apiVersion) && { apiVersion: text(apiVersion) as string }),
    ...(text(kind) && { kind: text(kind) as string }),
  };
}

function itemOf(document: unknown): ApplyItem {
  const metadata = isPlain(document) && isPlain(document['metadata']) ? document['metadata'] : {};
  const [namespace, name] = [text(metadata['namespace']), text(metadata['name'])];
  return {
    ...kindIn(document),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
}

/** Who applies the same again was warned before. */
export function warned(outcome: ApplyOutcome, object: Obj): Pick<ApplyItem, 'warnings'> {
  const warnings = outcome === 'unchanged' ? [] : warningsOf(object);
  return warnings.length === 0 ? {} : { warnings };
}

const result = (items: readonly ApplyItem[]): ApplyResult => ({ apiVersion: 'troupe/v1', kind: 'ApplyResult', items });

/* A manifest that was published without a reply subject: told on the outcome's subject, and by an Event a document. */

function told(
  context: Context,
  call: Call,
  { caller, namespace }: ApplyTokens,
  items: readonly ApplyItem[],
): Observable<Said> {
  const { world } = context;
  const body = result(items);
  const { headers = {} } = world.reply(call, body); // the encoding of an answer, had one been asked for
  const outcome = { ...world.say.outcome({ caller }, body), headers };
  const exists = (name: string): boolean => world.view.get('namespaces', undefined, name) !== undefined;
  const events = (): Observable<never> =>
    concat(...items.map((item) => tellEvent(context, caller, placeOfOutcome(namespace, item, exists), item)));
  // One that was made a moment ago is not missing.
  const doubtful = items.some(
    (item) => placeOfOutcome(namespace, item, exists) !== placeOfOutcome(namespace, item, () => true),
  );
  const looked = doubtful ? context.fresh(() => true).pipe(catchError(() => of(true))) : of(true);
  return concat(of(outcome), looked.pipe(mergeMap(events)));
}

function tellEvent(context: Context, caller: string, place: string, item: ApplyItem): Observable<never> {
  const { world } = context;
  const made = planOutcomeEvent(item, caller, place, world.self.actor, world.now());
  const stamp = { uid: world.uid(), creationTimestamp: made.firstTimestamp ?? '' };
  const key = storeKey(EVENTS, place, made.metadata.name ?? '');
  return defer(() => {
    const object: object = admittedNew(findKind(EVENTS).kind, made as unknown as Obj, stamp);
    return askStore(context, world.say.putEvent({ key, object }));
  }).pipe(
    mergeMap(() => []),
    catchError((error: unknown) => {
      world.report(`event ${key}`, error);
      return [];
    }),
  );
}
