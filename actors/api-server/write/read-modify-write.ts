import { type Observable, throwError } from 'rxjs';
import { catchError, map, mergeMap } from 'rxjs/operators';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import { isConflict, modified, notFound } from '../api-errors.ts';
import { askStore, type Context } from '../context.ts';
import { atRevision, type Obj, revisionOf, withMeta } from '../object.ts';
import { freshly, viewed } from '../read/get-and-list.ts';
import { selectable } from '../read/plan-selectable.ts';
import { isEvent } from '../read/read-events.ts';
import { keyOfTarget, qualified, type Target } from '../request.ts';

/** What a write does to one object. */
export type WritePlan =
  /** Its resourceVersion does not matter. */
  | { readonly type: 'put'; readonly object: Obj }
  /** With what it became where it was changed as well: the last of what held it is gone. */
  | { readonly type: 'purge'; readonly object?: Obj }
  /** There is nothing to write. */
  | { readonly type: 'keep' };

/** What was written: the object as it is now, or as it last was. */
export interface Written {
  readonly type: WritePlan['type'];
  readonly object: Obj;
}

/**
 * Reads an object, plans a change of it and writes that under compare-and-set. `plan` refuses by throwing.
 * Only a write may rest on a view that is behind, because compare-and-set checks it; "not found", a refusal and "nothing
 * to do" are told only after a fresh look. Those that write one object through this server take turns, so that many who
 * name no version all succeed; only other servers' writes are met as conflicts.
 * @param retries how often to plan again after somebody else wrote first
 */
export function change(
  context: Context,
  target: Target,
  plan: (old: Obj) => WritePlan,
  retries: number,
): Observable<Written> {
  const { world, limits } = context;
  const giveUpAt = world.now() + limits.requestTimeoutMs;
  const again = (left: number): Observable<Written> =>
    freshly(context, target).pipe(mergeMap((old) => attempt(old, true, left)));
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
  return context.turns(keyOfTarget(target), (waited) => {
    if (world.now() >= giveUpAt) return throwError(() => waitedInVain(target));
    return waited || isEvent(target.kind) ? again(retries) : attempt(viewed(context, target), false, retries);
  });
}

/** Whoever asked has gone by now: to write all the same, long after, would surprise everybody. */
const waitedInVain = ({ kind, name }: Target): Error =>
  statusError('Timeout', `${qualified(kind)} "${name}": earlier writes of it were not answered in time; ask again`);

/** Could a newer view have made this refusal go away? What is wrong with the request itself stays wrong. */
const mayBeStale = (error: unknown): boolean =>
  !(error instanceof StatusError) || (error.reason !== 'BadRequest' && error.reason !== 'UnsupportedMediaType');

/** One write of an object that is there. */
function write(
  context: Context,
  target: Target,
  old: Obj,
  planned: Exclude<WritePlan, { type: 'keep' }>,
): Observable<Written> {
  const { type, object } = planned;
  // Not stored: the store itself gives it.
  const next = type === 'put' ? withMeta(planned.object, { resourceVersion: undefined }) : undefined;
  const answer = isEvent(target.kind)
    ? writeEvent(context, target, old, next)
    : next === undefined
      ? purge(context, target, revisionOf(old))
      : put(context, target, next, revisionOf(old));
  return answer.pipe(map(({ revision }) => ({ type, object: atRevision(object ?? old, revision) })));
}

/** @param expect revision that the key must have; 0 = it must be absent. Refused with Conflict or AlreadyExists. */
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
 * Nobody keeps the events of before: the write itself says what watches must know of the one that it replaces.
 * @param next `undefined` = it goes
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
  const told = sameJson(before, selectable(target.kind, next)) ? {} : { before };
  return askStore(context, say.putEvent({ key, object: next as object, expect: revisionOf(old), ...told }));
}
