import { defer, type Observable, throwError } from 'rxjs';
import { catchError, map } from 'rxjs/operators';
import { type StatusError, statusError } from '../../../contracts/errors/status.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';
import { alreadyExists, badRequest, forbidden, isConflict, notFound } from '../api-errors.ts';
import { type Answer, andThen, type Context } from '../context.ts';
import { atRevision, type Obj } from '../object.ts';
import { unlessRefused } from '../read/get-and-list.ts';
import { isEvent } from '../read/read-events.ts';
import { qualified, type Target } from '../request.ts';
import { admittedNew } from './admission.ts';
import { nameSuffix } from './names.ts';
import { placed } from './object-identity.ts';
import { repeated } from './plan-event-count.ts';
import { change, put, type WritePlan } from './read-modify-write.ts';
import { mayRunUnder } from './service-account.ts';

/** A generated name is tried again with another suffix this often. */
const NAMES_TRIED = 8;

/** `create`: the object as stored. @param body what the client sent */
export function create(context: Context, target: Target, body: unknown): Answer<Obj> {
  const input = placed(target, body);
  if (input.metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  const place = { ...target, namespace: input.metadata.namespace ?? '' };
  const allowed = andThen(mayCreateIn(context, place), () => mayRunUnder(context, place, input));
  return andThen(allowed, () => tryCreate(context, place, input, NAMES_TRIED));
}

function tryCreate(context: Context, target: Target, input: Obj, tries: number): Observable<Obj> {
  const { world } = context;
  const uid = world.uid();
  const generated = !input.metadata.name;
  const object = admittedNew(target.kind, input, {
    uid,
    creationTimestamp: rfc3339(world.now()),
    ...(generated ? { nameSuffix: nameSuffix(() => world.random()) } : {}),
  });
  const there = { ...target, name: object.metadata.name ?? '' };
  // The uid is new with every attempt: it tells this write from all others.
  return put(context, there, object, 0, uid).pipe(
    map(({ revision }) => atRevision(object, revision)),
    catchError((error: unknown) => {
      if (!isConflict(error)) return throwError(() => error);
      if (generated && tries > 1) return tryCreate(context, target, input, tries - 1);
      const exists = (): never => {
        throw alreadyExists(qualified(target.kind), there.name);
      };
      return isEvent(target.kind) ? countUp(context, there, object, exists) : defer(exists);
    }),
  );
}

/** An event that is told again: the stored one counts. @param differs when the stored one says something else; throws */
function countUp(context: Context, target: Target, told: Obj, differs: () => never): Observable<Obj> {
  const plan = (stored: Obj): WritePlan => {
    const counted = repeated(stored, told);
    if (counted === undefined) return differs();
    if (counted === stored) return { type: 'keep' };
    return { type: 'put', object: counted };
  };
  return change(context, target, plan, context.limits.retries).pipe(map(({ object }) => object));
}

/** Nothing is created in a namespace that is absent or on its way out. */
const mayCreateIn = (context: Context, target: Target): Answer<void> =>
  unlessRefused(context, ({ view }) => {
    if (!target.kind.namespaced) return undefined;
    const namespace = view.get('namespaces', undefined, target.namespace);
    if (namespace === undefined) return notFound('namespaces', target.namespace);
    return namespace.metadata?.deletionTimestamp === undefined ? undefined : terminating(target);
  });

function terminating({ kind, namespace }: Target): StatusError {
  const message = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const { status } = forbidden(qualified(kind), '', message);
  const causes = [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ];
  return statusError('Forbidden', status.message.replace(' ""', ''), { kind: kind.resource, causes });
}
