import { from, type Observable, of } from 'rxjs';
import { catchError, map, mergeMap, toArray } from 'rxjs/operators';
import { type Status, StatusError, statusError, success } from '../../../contracts/errors/status.ts';
import type { DeleteOptions, KubeList } from '../../../contracts/messages/api.ts';
import { badRequest } from '../api-errors.ts';
import type { Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { parseOptions } from '../options.ts';
import { everything } from '../read/get-and-list.ts';
import { chosenEvents, isEvent } from '../read/read-events.ts';
import { selection } from '../read/selectors.ts';
import { qualified, type Request, type Target } from '../request.ts';
import { presented } from '../served-kinds.ts';
import { planDelete } from './plan-delete.ts';
import { change, type WritePlan, type Written } from './read-modify-write.ts';

/** Deletions of a collection that are under way at the same time. */
const TOGETHER = 32;

/** `delete`: of one object, or of a collection. */
export function remove(context: Context, request: Request, body: unknown): Observable<Obj | Status | KubeList> {
  const options = parseOptions('delete', body);
  if (request.name === '') return removeAll(context, request, options);
  if (options.labelSelector !== undefined || options.fieldSelector !== undefined) {
    throw badRequest('delete: selectors choose among a collection; give "_" as the name, or leave them out');
  }
  return removeOne(context, request, options).pipe(
    map(({ type, object }) => (type === 'purge' ? gone(request, object) : presented(request, object))),
  );
}

const gone = ({ kind }: Target, { metadata: { name, uid } }: Obj): Status =>
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
  return change(context, target, plan, context.limits.retries);
}

function removeAll(context: Context, request: Request, options: DeleteOptions): Observable<KubeList> {
  const { limits } = context;
  const select = selection(request.kind, options);
  const choice = isEvent(request.kind)
    ? chosenEvents(context, request.namespace, select, limits.batch).pipe(map(({ objects }) => objects))
    : context.fresh(() => everything(context, request).filter(select));
  return choice.pipe(
    mergeMap((chosen) => {
      if (chosen.length > limits.batch) {
        throw statusError(
          'RequestEntityTooLarge',
          `delete ${request.kind.resource}: more than ${limits.batch} objects are chosen, which is the most that goes in one request; use a selector`,
        );
      }
      return from(chosen);
    }),
    mergeMap((object) => removeChosen(context, request, object, options), TOGETHER),
    toArray(),
    map((removed) => ({
      apiVersion: request.version.apiVersion,
      kind: `${request.kind.kind}List`,
      metadata: { resourceVersion: String(context.world.view.revision) },
      items: removed.flat().map(({ object }) => presented(request, object)),
    })),
  );
}

/** What has gone meanwhile is not missed. */
function removeChosen(
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
