import type { Observable } from 'rxjs';
import { catchError, map } from 'rxjs/operators';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import type { KubeList, ListDigestAnswer, ListOptions } from '../../../contracts/messages/api.ts';
import { token } from '../../../contracts/subjects/token.ts';
import { badRequest, notFound } from '../api-errors.ts';
import type { Answer, Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { parseOptions } from '../options.ts';
import { keyOfTarget, qualified, type Request, type Target } from '../request.ts';
import { presented } from '../served-kinds.ts';
import { listDigest } from './list-digest.ts';
import { type Continuation, decodeContinue, encodeContinue, planPage, rewound } from './plan-list.ts';
import { eventByKey, isEvent, listEvents } from './read-events.ts';
import { selection } from './selectors.ts';

/** The object in the view, which may lag behind acknowledged writes. Not for events. */
export const viewed = ({ world }: Context, { kind, namespace, name }: Target): Obj | undefined =>
  world.view.get(kind.resource, namespace, name) as Obj | undefined;

/** The object with every write that was acknowledged so far. */
export const readConsistent = (context: Context, target: Target): Observable<Obj | undefined> =>
  isEvent(target.kind) ? eventByKey(context, keyOfTarget(target)) : context.fresh(() => viewed(context, target));

/** `get`: an object. */
export function get(context: Context, request: Request, body: unknown): Answer<Obj> {
  const { resourceVersion } = parseOptions('get', body);
  const found = (object: Obj | undefined): Obj => {
    if (object === undefined) throw notFound(qualified(request.kind), request.name);
    request.guard?.(object);
    return object;
  };
  if (isEvent(request.kind)) return readConsistent(context, request).pipe(map(found));
  return atLeast(context, resourceVersion, () => found(viewed(context, request)));
}

/**
 * Runs a read when the view is at least at `resourceVersion`: absent or empty = everything that was acknowledged, "0" =
 * any revision.
 */
export function atLeast<T>(context: Context, resourceVersion: string | undefined, read: () => T): Answer<T> {
  if (resourceVersion === undefined || resourceVersion === '') return context.fresh(read);
  const revision = Number(resourceVersion);
  const { world, limits } = context;
  if (world.view.revision >= revision) return read();
  const timeoutMs = Math.min(AHEAD_WAIT_MS, limits.storeTimeoutMs);
  return world.ask(world.say.reached({ revision }), { timeoutMs }).pipe(
    catchError((error: unknown) => {
      if (error instanceof StatusError && error.reason === 'Timeout') throw tooLarge(revision, world.view.revision);
      throw error;
    }),
    map(read),
  );
}

/** Time to wait for a revision that the view has not reached, as in Kubernetes. */
const AHEAD_WAIT_MS = 3_000;

const tooLarge = (revision: number, current: number): StatusError =>
  statusError(
    'Timeout',
    `Too large resource version: ${revision}, current: ${current}; retry, or use one that the server returned`,
    {
      retryAfterSeconds: 1,
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: 'resourceVersion' }],
    },
  );

/** `list`: one page. */
export function list(context: Context, request: Request, body: unknown): Answer<KubeList | ListDigestAnswer> {
  const options = parseOptions('list', body);
  if (options.digest === true && !isEvent(request.kind)) return listDigest(context, request.kind.resource);
  const select = selection(request.kind, options);
  if (options.continue !== undefined && options.resourceVersion !== undefined && options.resourceVersion !== '0') {
    throw badRequest('list: use either continue or resourceVersion, not both');
  }
  const from = options.continue === undefined ? undefined : decodeContinue(options.continue);
  if (isEvent(request.kind)) return listEvents(context, request, options, select, from);
  const page = (): KubeList => pageOf(context, request, options, select, from);
  return atLeast(context, from === undefined ? options.resourceVersion : String(from.revision), page);
}

function pageOf(
  context: Context,
  request: Target,
  options: ListOptions,
  select: (object: Obj) => boolean,
  from: Continuation | undefined,
): KubeList {
  const { world, limits } = context;
  const { kind } = request;
  const revision = from?.revision ?? world.view.revision;
  const all = from === undefined ? everything(context, request) : asOf(context, request, from.revision);
  const items = Math.min(options.limit || limits.pageItems, limits.pageItems);
  const page = planPage(kind.resource, all, from?.after, select, { items, bytes: limits.pageBytes });
  const filtered = options.labelSelector || options.fieldSelector;
  const more =
    page.last === undefined
      ? {}
      : {
          continue: encodeContinue({ revision, after: page.last }),
          ...(filtered ? {} : { remainingItemCount: page.remaining }),
        };
  return {
    apiVersion: request.version.apiVersion,
    kind: `${kind.kind}List`,
    metadata: { resourceVersion: String(revision), ...more },
    items: page.items.map((object) => presented(request, object)),
  };
}

/** All objects of the target's kind and namespace, in key order. */
export const everything = ({ world }: Context, { kind, namespace }: Target): readonly Obj[] =>
  world.view.list(kind.resource, namespace === '' ? undefined : namespace) as readonly Obj[];

/** The list as it was at an earlier revision. */
function asOf(context: Context, request: Target, revision: number): readonly Obj[] {
  const { view } = context.world;
  const changes = view.revision === revision ? [] : view.since(revision);
  if (changes === undefined) {
    throw statusError(
      'Expired',
      'list: the continue token is too old to display a consistent list; list again without it',
    );
  }
  const { kind, namespace } = request;
  const prefix = namespace === '' ? `${token(kind.resource)}.` : `${token(kind.resource)}.${token(namespace)}.`;
  return rewound(kind.resource, everything(context, request), changes, (key) => key.startsWith(prefix));
}

/**
 * Checks a request against the view; rejects it by throwing, or by the observable's error. The view may lag behind another
 * api-server's write, so a check that fails is repeated with a view that has everything.
 * @param check the error for what the view shows; `undefined` = none
 */
export function checkAgainstView(
  { world, fresh }: Context,
  check: (world: Context['world']) => StatusError | undefined,
): Answer<void> {
  if (check(world) === undefined) return;
  return fresh(() => {
    const error = check(world);
    if (error !== undefined) throw error;
  });
}
