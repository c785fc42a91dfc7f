import { type Observable, throwError } from 'rxjs';
import { catchError, map, mergeMap } from 'rxjs/operators';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import { isConflict, modified, notFound } from '../api-errors.ts';
import { askStore, type Context } from '../context.ts';
import { atRevision, type Obj, revisionOf, withMeta } from '../object.ts';
import { readConsistent, viewed } from '../read/get-and-list.ts';
import { selectable } from '../read/plan-selectable.ts';
import { isEvent } from '../read/read-events.ts';
import { keyOfTarget, qualified, type Target } from '../request.ts';

/** What a write does to one object. */
export type WritePlan =
  /** Write this object; its resourceVersion is ignored. */
  | { readonly type: 'put'; readonly object: Obj }
  /** Remove the object; `object` is its last version if the request changed it too, as when the last finalizer is removed. */
  | { readonly type: 'purge'; readonly object?: Obj }
  /** Nothing to write. */
  | { readonly type: 'keep' };

/** What was written: the object as it is now, or its last version. */
export interface Written {
  readonly type: WritePlan['type'];
  readonly object: Obj;
}

/**
 * Reads an object, plans a change, and writes it by compare-and-set; plans again after a conflict.
 *
 * The first plan may use a view that lags behind, because compare-and-set detects that; "not found", a rejection and
 * "nothing to write" are returned only after a consistent read. The writes of one object through this server are queued,
 * so that concurrent writes without a resourceVersion all succeed; only writes of other servers cause conflicts.
 * @param plan    rejects the request by throwing
 * @param retries how often to plan again after a conflict
 */
export function readModifyWrite(
  context: Context,
  target: Target,
  plan: (old: Obj) => WritePlan,
  retries: number,
): Observable<Written> {
  const { world, limits } = context;
  const giveUpAt = world.now() + limits.requestTimeoutMs;
  const again = (left: number): Observable<Written> =>
    readConsistent(context, target).pipe(mergeMap((old) => attempt(old, true, left)));
  const attempt = (old: Obj | undefined, isFresh: boolean, left: number): Observable<Written> => {
    let planned: WritePlan;
    try {
      if (old === undefined) throw notFound(qualified(target.kind), target.name);
      target.guard?.(old);
      planned = plan(old);
    } catch (error) {
      return isFresh || !mayBeStale(error) ? throwError(() => error) : again(left);
    }
    if (planned.type === 'keep')
      return isFresh ? ([{ type: 'keep', object: old }] as unknown as Observable<Written>) : again(left);
    return write(context, target, old, planned).pipe(
      catchError((error: unknown) => {
        if (!isConflict(error)) return throwError(() => error);
        if (left === 0 || world.now() >= giveUpAt)
          return throwError(() => modified(qualified(target.kind), target.name));
        return again(left - 1);
      }),
    );
  };
  return context.writeQueues(keyOfTarget(target), (waited) => {
    if (world.now() >= giveUpAt) return throwError(() => queuedTooLong(target));
    return waited || isEvent(target.kind) ? again(retries) : attempt(viewed(context, target), false, retries);
  });
}

/** The client has given up by now, and must not find the object written long after. */
const queuedTooLong = ({ kind, name }: Target): Error =>
  statusError(
    'Timeout',
    `${qualified(kind)} "${name}": earlier writes of this object were not answered in time; retry`,
  );

/** May the error be due to a view that lags behind? An error of the request itself is not. */
const mayBeStale = (error: unknown): boolean =>
  !(error instanceof StatusError) || (error.reason !== 'BadRequest' && error.reason !== 'UnsupportedMediaType');

/** Writes an existing object once. */
function write(
  context: Context,
  target: Target,
  old: Obj,
  planned: Exclude<WritePlan, { type: 'keep' }>,
): Observable<Written> {
  const { type, object } = planned;
  // The resourceVersion is not stored: it is the store's revision.
  const next = type === 'put' ? withMeta(planned.object, { resourceVersion: undefined }) : undefined;
  const answer = isEvent(target.kind)
    ? writeEvent(context, target, old, next)
    : next === undefined
      ? purge(context, target, revisionOf(old))
      : put(context, target, next, revisionOf(old));
  return answer.pipe(map(({ revision }) => ({ type, object: atRevision(object ?? old, revision) })));
}

/** Writes an object. @param expect revision that the key must have; 0 = it must not exist. Errors with Conflict or AlreadyExists. */
export function put(
  context: Context,
  target: Target,
  object: Obj,
  expect: number,
  requestId: string = context.world.uid(),
): Observable<{ readonly revision: number }> {
  const { say } = context.world;
  const write = { key: keyOfTarget(target), object: object as object, expect };
  return askStore(context, isEvent(target.kind) ? say.putEvent(write) : say.put({ ...write, requestId }));
}

function purge(context: Context, target: Target, expect: number): Observable<{ readonly revision: number }> {
  const { world } = context;
  return askStore(context, world.say.purge({ key: keyOfTarget(target), expect, requestId: world.uid() }));
}

/**
 * Writes or removes an event. No view holds events, so the write itself carries what watches need of the previous version.
 * @param next `undefined` = remove it
 */
function writeEvent(
  context: Context,
  target: Target,
  old: Obj,
  next: Obj | undefined,
): Observable<{ readonly revision: number }> {
  const { say } = context.world;
  const key = keyOfTarget(target);
  const before = selectable(target.kind, old) as object;
  if (next === undefined) return askStore(context, say.purgeEvent({ key, before }));
  const previous = sameJson(before, selectable(target.kind, next)) ? {} : { before };
  return askStore(context, say.putEvent({ key, object: next as object, expect: revisionOf(old), ...previous }));
}
