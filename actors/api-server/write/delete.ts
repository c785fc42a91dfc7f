import { from, type Observable, of } from 'rxjs';
import { catchError, map, mergeMap, toArray } from 'rxjs/operators';
import { type Status, StatusError, statusError, success } from '../../../contracts/errors/status.ts';
import type { DeleteOptions, KubeList } from '../../../contracts/messages/api.ts';
import { badRequest } from '../api-errors.ts';
import type { Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { parseOptions } from '../options.ts';
import { everything } from '../read/get-and-list.ts';
import { isEvent, selectEvents } from '../read/read-events.ts';
import { selection } from '../read/selectors.ts';
import { qualified, type Request, type Target } from '../request.ts';
import { presented } from '../served-kinds.ts';
import { planDelete } from './plan-delete.ts';
import { readModifyWrite, type WritePlan, type Written } from './read-modify-write.ts';

/** Deletions of a collection that run at the same time. */
const TOGETHER = 32;

/** `delete`: deletes one object or a collection. */
export function remove(context: Context, request: Request, body: unknown): Observable<Obj | Status | KubeList> {
  const options = parseOptions('delete', body);
  if (request.name === '') return removeAll(context, request, options);
  if (options.labelSelector !== undefined || options.fieldSelector !== undefined) {
    throw badRequest('delete: selectors apply to a collection; use "_" as the name, or leave them out');
  }
  return removeOne(context, request, options).pipe(
    map(({ type, object }) => (type === 'purge' ? deleted(request, object) : presented(request, object))),
  );
}

const deleted = ({ kind }: Target, { metadata: { name, uid } }: Obj): Status =>
  success({
    ...(name === undefined ? {} : { name }),
    kind: kind.resource,
    ...(kind.group === '' ? {} : { group: kind.group }),
    ...(uid === undefined ? {} : { uid }),
  });

function removeOne(context: Context, target: Target, options: DeleteOptions): Observable<Written> {
  const plan = (old: Obj): WritePlan => {
    const planned = planDelete(qualified(target.kind), old, options, context.world.now());
    if (planned.type === 'refuse') throw new StatusError(planned.status);
    return planned;
  };
  return readModifyWrite(context, target, plan, context.limits.retries);
}

function removeAll(context: Context, request: Request, options: DeleteOptions): Observable<KubeList> {
  const { limits } = context;
  const select = selection(request.kind, options);
  const selected$ = isEvent(request.kind)
    ? selectEvents(context, request.namespace, select, limits.batch).pipe(map(({ objects }) => objects))
    : context.fresh(() => everything(context, request).filter(select));
  return selected$.pipe(
    mergeMap((selected) => {
      if (selected.length > limits.batch) {
        throw statusError(
          'RequestEntityTooLarge',
          `delete ${request.kind.resource}: more than ${limits.batch} objects match, which is the limit of one request; use a narrower selector`,
        );
      }
      return from(selected);
    }),
    mergeMap((object) => removeIfPresent(context, request, object, options), TOGETHER),
    toArray(),
    map((removed) => ({
      apiVersion: request.version.apiVersion,
      kind: `${request.kind.kind}List`,
      metadata: { resourceVersion: String(context.world.view.revision) },
      items: removed.flat().map(({ object }) => presented(request, object)),
    })),
  );
}

/** Empty when the object was deleted meanwhile. */
function removeIfPresent(
  context: Context,
  request: Request,
  object: Obj,
  options: DeleteOptions,
): Observable<readonly Written[]> {
  const target = { ...request, namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' };
  return removeOne(context, target, options).pipe(
    map((written) => [written]),
    catchError((error: unknown) => {
      if (error instanceof StatusError && error.reason === 'NotFound') return of([]);
      throw error;
    }),
  );
}
