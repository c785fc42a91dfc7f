import { isObservable, type Observable, of } from 'rxjs';
import { catchError, map, mergeMap } from 'rxjs/operators';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import { warningsOf } from '../../../contracts/kinds/pod-template/not-acted-upon.ts';
import type { ApplyItem, ApplyOutcome, ApplyResult } from '../../../contracts/messages/api.ts';
import { badRequest } from '../api-errors.ts';
import { andThen, type Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { readConsistent } from '../read/get-and-list.ts';
import { isEvent } from '../read/read-events.ts';
import type { Request, Target } from '../request.ts';
import { presented } from '../served-kinds.ts';
import { create } from '../write/create.ts';
import { withIdentity } from '../write/object-identity.ts';
import { planUpdate, wholeObject } from '../write/plan-update.ts';
import { readModifyWrite, type Written } from '../write/read-modify-write.ts';
import { planApply, planCreate } from './plan-apply.ts';

interface Applied {
  readonly outcome: ApplyOutcome;
  readonly object: Obj;
}

/** The verb `apply`: creates one object, or merges the manifest into it. */
export function applyOne(context: Context, request: Request, body: unknown): Observable<ApplyResult> {
  const manifest = withIdentity(request, body);
  const target = { ...request, namespace: manifest.metadata.namespace ?? '', name: manifest.metadata.name ?? '' };
  return applied(context, target, manifest).pipe(
    map(({ outcome, object }) => {
      const shown = presented(target, object);
      return result([{ ...itemOf(shown), outcome, ...warned(outcome, shown), object: shown }]);
    }),
  );
}

/** Creates or updates the object, and tries again after a conflict. */
export function applied(context: Context, target: Target, manifest: Obj): Observable<Applied> {
  if (isEvent(target.kind))
    throw statusError('MethodNotAllowed', 'apply: events cannot be applied; use the verb create');
  if (target.name === '')
    throw badRequest(`apply ${target.kind.kind}: metadata.name must be given; generateName is for the verb create`);
  // As for kubectl's apply, which reads the object first.
  const readable = (): Observable<Obj | undefined> =>
    andThen(target.access?.may('get', target), () => readConsistent(context, target)) as Observable<Obj | undefined>;
  const attempt = (left: number): Observable<Applied> =>
    readable().pipe(
      mergeMap((current) =>
        current === undefined ? created(context, target, manifest) : configured(context, target, manifest),
      ),
      catchError((error: unknown) => {
        const raced = error instanceof StatusError && (error.reason === 'AlreadyExists' || error.status.code === 404);
        // The object was created or deleted meanwhile: try again. A missing namespace is an error.
        if (raced && left > 0 && error.status.details?.name === target.name) return attempt(left - 1);
        throw error;
      }),
    );
  return attempt(context.limits.retries);
}

function created(context: Context, target: Target, manifest: Obj): Observable<Applied> {
  const made = andThen(target.access?.may('create', target), () => create(context, target, planCreate(manifest)));
  const later = isObservable(made) ? made : of(made);
  return later.pipe(map((object) => ({ outcome: 'created', object })));
}

function configured(context: Context, target: Target, manifest: Obj): Observable<Applied> {
  const plan = planUpdate(target, wholeObject(target), (shown) => planApply(target, manifest, shown));
  const written = andThen(target.access?.may('patch', target), () =>
    readModifyWrite(context, target, plan, context.limits.retries),
  ) as Observable<Written>;
  return written.pipe(map(({ type, object }) => ({ outcome: type === 'keep' ? 'unchanged' : 'configured', object })));
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** apiVersion and kind as a document names them. */
export function kindIn(document: unknown): Pick<ApplyItem, 'apiVersion' | 'kind'> {
  const { apiVersion, kind } = isPlain(document) ? document : {};
  return {
    ...(text(apiVersion) && { apiVersion: text(apiVersion) as string }),
    ...(text(kind) && { kind: text(kind) as string }),
  };
}

/** The identity of an object or document, as an item of the result. */
export function itemOf(document: unknown): ApplyItem {
  const metadata = isPlain(document) && isPlain(document['metadata']) ? document['metadata'] : {};
  const [namespace, name] = [text(metadata['namespace']), text(metadata['name'])];
  return {
    ...kindIn(document),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
}

/** Warnings about fields that have no effect; none for an unchanged object, because its first apply had them. */
export function warned(outcome: ApplyOutcome, object: Obj): Pick<ApplyItem, 'warnings'> {
  const warnings = outcome === 'unchanged' ? [] : warningsOf(object);
  return warnings.length === 0 ? {} : { warnings };
}

export const result = (items: readonly ApplyItem[]): ApplyResult => ({
  apiVersion: 'troupe/v1',
  kind: 'ApplyResult',
  items,
});
