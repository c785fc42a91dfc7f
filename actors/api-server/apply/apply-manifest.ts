import { concat, defer, isObservable, type Observable, of } from 'rxjs';
import { catchError, map, mergeMap, toArray } from 'rxjs/operators';
import { decodeAll } from '../../../contracts/codec/codec.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import { eventKind } from '../../../contracts/kinds/event/event.ts';
import type { Kind } from '../../../contracts/kinds/kind.ts';
import type { KindRegistry } from '../../../contracts/kinds/registry.ts';
import type { ApplyItem } from '../../../contracts/messages/api.ts';
import { storeKey } from '../../../contracts/store/keys.ts';
import { nodeOfUser } from '../../../contracts/subjects/users.ts';
import type { Call, Said } from '../../kernel/contract.ts';
import { badRequest, statusOf } from '../api-errors.ts';
import type { Authorizer } from '../authorise/authorizer.ts';
import { type Answer, askStore, type Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { EVENTS } from '../read/read-events.ts';
import { type Access, type Target, userOf } from '../request.ts';
import { kindOfDocument, kindsOfTurn, UnknownKind } from '../served-kinds.ts';
import { admittedNew } from '../write/admission.ts';
import { withIdentity } from '../write/object-identity.ts';
import { applied, itemOf, kindIn, result, warned } from './apply.ts';
import { outcomeNamespace, planOutcomeEvent } from './plan-outcome-event.ts';

/** Tokens of `apply.<caller>.<namespace>`. */
interface ApplyTokens {
  readonly caller: string;
  readonly namespace: string;
}

/** Applies a manifest of several documents; each has its own outcome, in their order. */
export function applyManifest(context: Context, authorise: Authorizer, call: Call): Observable<Said> {
  const { world } = context;
  const tokens = call.tokens as ApplyTokens | undefined;
  const answer = (body: unknown): Said => world.reply(call, body);
  const failed = (error: unknown): Observable<Said> => {
    const status = statusOf(error);
    if (call.reply !== undefined) return of(answer(status));
    return tokens === undefined ? of() : publishOutcome(context, call, tokens, [{ status }]);
  };
  let outcome: Observable<readonly ApplyItem[]>;
  try {
    outcome = applyDocuments(context, authorise, call, tokens);
  } catch (error) {
    return failed(error);
  }
  return outcome.pipe(
    mergeMap((items) =>
      call.reply === undefined && tokens !== undefined
        ? publishOutcome(context, call, tokens, items)
        : of(answer(result(items))),
    ),
    catchError(failed),
  );
}

function applyDocuments(
  context: Context,
  authorise: Authorizer,
  call: Call,
  tokens: ApplyTokens | undefined,
): Observable<readonly ApplyItem[]> {
  const { prefix } = context.world.self;
  if (tokens === undefined) {
    throw badRequest(
      `subject "${call.subject}" is not valid; use ${prefix}.apply.<caller>.<namespace>, with "_" for any namespace`,
    );
  }
  if (nodeOfUser(tokens.caller) !== undefined) {
    throw statusError('Forbidden', `apply: user "${tokens.caller}" is a node, and nodes may not apply manifests`);
  }
  const documents = decodeAll(call.bytes, call.headers[HEADER.contentType]).flatMap(itemsOfList);
  if (documents.length === 0) throw badRequest('apply: the manifest is empty');
  if (documents.length > context.limits.batch) {
    throw statusError(
      'RequestEntityTooLarge',
      `apply: ${documents.length} documents; the limit of one message is ${context.limits.batch}`,
    );
  }
  const access = authorise.accessOf(userOf(call, context.world.self.caller));
  const items = documents.map((document) => applyDocument(context, access, document, tokens.namespace));
  // Items that are rejected at once are not concatenated: a thousand of them in a row would nest a thousand calls.
  return concat(...items.filter((item) => isObservable(item))).pipe(
    toArray(),
    map((asked) => {
      const answers = asked.values();
      return items.map((item) => (isObservable(item) ? (answers.next().value as ApplyItem) : item));
    }),
  );
}

/** A `List` is replaced by its items. */
const itemsOfList = (document: unknown): readonly unknown[] =>
  isPlain(document) && document['kind'] === 'List' && Array.isArray(document['items'])
    ? (document['items'] as unknown[])
    : [document];

function applyDocument(
  context: Context,
  access: Access | undefined,
  document: unknown,
  namespace: string,
): Answer<ApplyItem> {
  const item = itemOf(document);
  const attempt = (): Observable<ApplyItem> => {
    const { target, manifest } = targetOfDocument(kindsOfTurn(context), document, namespace);
    return applied(context, access === undefined ? target : { ...target, access }, manifest).pipe(
      map(({ outcome, object }) => ({ ...itemOf(object), ...kindIn(document), outcome, ...warned(outcome, object) })),
      catchError((error: unknown) => of({ ...itemOf(manifest), status: statusOf(error) })),
    );
  };
  const refused = (error: unknown): ApplyItem => ({ ...item, status: statusOf(error) });
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof UnknownKind)) return refused(error);
    return context.fresh(attempt).pipe(
      mergeMap((answer) => answer),
      catchError((again: unknown) => of(refused(again))),
    );
  }
}

/** The object that a document is about. @param confined the subject's namespace; empty = any. @throws StatusError BadRequest, Forbidden */
function targetOfDocument(
  kinds: KindRegistry,
  document: unknown,
  confined: string,
): { readonly target: Target; readonly manifest: Obj } {
  if (!isPlain(document))
    throw badRequest('apply: every document must be an object with apiVersion, kind and metadata');
  const { kind, version } = kindOfDocument(kinds, document['apiVersion'], document['kind']);
  const { name = '', namespace } = itemOf(document);
  if (confined !== '' && !kind.namespaced) {
    throw statusError(
      'Forbidden',
      `apply ${kind.kind} "${name}": this subject is limited to namespace "${confined}", and ${kind.kind} objects have no namespace`,
    );
  }
  if (confined !== '' && namespace !== undefined && namespace !== confined) {
    throw statusError(
      'Forbidden',
      `apply ${kind.kind} "${name}": this subject is limited to namespace "${confined}", and the document names namespace "${namespace}"`,
    );
  }
  const place = kind.namespaced ? (namespace ?? (confined === '' ? 'default' : confined)) : '';
  const target = { kind, version, namespace: place, name };
  return { target, manifest: withIdentity(target, document) };
}

/* The outcome of a manifest without a reply subject is published on the caller's outcome subject, and as one event per document. */

function publishOutcome(
  context: Context,
  call: Call,
  { caller, namespace }: ApplyTokens,
  items: readonly ApplyItem[],
): Observable<Said> {
  const { world } = context;
  const body = result(items);
  const { headers = {} } = world.reply(call, body); // the encoding that an answer would have had
  const outcome = { ...world.say.outcome({ caller }, body), headers };
  const exists = (name: string): boolean => world.view.get('namespaces', undefined, name) !== undefined;
  const events = (): Observable<never> =>
    concat(...items.map((item) => storeEvent(context, caller, outcomeNamespace(namespace, item, exists), item)));
  // A namespace that was created a moment ago may not be in the view yet.
  const mayLag = items.some(
    (item) => outcomeNamespace(namespace, item, exists) !== outcomeNamespace(namespace, item, () => true),
  );
  const caughtUp$ = mayLag ? context.fresh(() => true).pipe(catchError(() => of(true))) : of(true);
  return concat(of(outcome), caughtUp$.pipe(mergeMap(events)));
}

function storeEvent(context: Context, caller: string, place: string, item: ApplyItem): Observable<never> {
  const { world } = context;
  const made = planOutcomeEvent(item, caller, place, world.self.actor, world.now());
  const stamp = { uid: world.uid(), creationTimestamp: made.firstTimestamp ?? '' };
  const key = storeKey(EVENTS, place, made.metadata.name ?? '');
  return defer(() => {
    const object: object = admittedNew(eventKind as unknown as Kind, made as unknown as Obj, stamp);
    return askStore(context, world.say.putEvent({ key, object }));
  }).pipe(
    mergeMap(() => []),
    catchError((error: unknown) => {
      world.report(`event ${key}`, error);
      return [];
    }),
  );
}
