import { defer, type Observable, throwError } from 'rxjs';
import { catchError, map } from 'rxjs/operators';
import { type StatusError, statusError } from '../../../contracts/errors/status.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';
import { alreadyExists, badRequest, forbidden, isConflict, notFound } from '../api-errors.ts';
import { type Answer, andThen, type Context } from '../context.ts';
import { atRevision, type Obj } from '../object.ts';
import { checkAgainstView } from '../read/get-and-list.ts';
import { isEvent } from '../read/read-events.ts';
import { qualified, type Target } from '../request.ts';
import { admittedNew } from './admission.ts';
import { withIdentity } from './object-identity.ts';
import { countedEvent } from './plan-event-count.ts';
import { checkPodSecurity } from './pod-security.ts';
import { put, readModifyWrite, type WritePlan } from './read-modify-write.ts';
import { checkServiceAccount } from './service-account.ts';

/** How many generated names are tried before AlreadyExists. */
const NAMES_TRIED = 8;
/** As in Kubernetes: letters and digits that form no words. */
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;

/** `create`: returns the object as stored. @param body what the client sent */
export function create(context: Context, target: Target, body: unknown): Answer<Obj> {
  const input = withIdentity(target, body);
  if (input.metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  if (target.kind.closed !== undefined) throw statusError('MethodNotAllowed', target.kind.closed);
  const inNamespace = { ...target, namespace: input.metadata.namespace ?? '' };
  const allowed = andThen(checkNamespace(context, inNamespace), () => checkServiceAccount(context, inNamespace, input));
  return andThen(allowed, () => tryCreate(context, inNamespace, input, NAMES_TRIED));
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
  const allowed = andThen(checkPodSecurity(context, there, object), () =>
    checkAgainstView(context, () => target.access?.refuses(there, object)),
  );
  // The uid is new with every attempt, so it identifies this write.
  const written = andThen(allowed, () => put(context, there, object, 0, uid)) as ReturnType<typeof put>;
  return written.pipe(
    map(({ revision }) => atRevision(object, revision)),
    catchError((error: unknown) => {
      if (!isConflict(error)) return throwError(() => error);
      if (generated && tries > 1) return tryCreate(context, target, input, tries - 1);
      const exists = (): never => {
        throw alreadyExists(qualified(target.kind), there.name);
      };
      return isEvent(target.kind) ? countEvent(context, there, object, exists) : defer(exists);
    }),
  );
}

/**
 * Counts an event that exists already.
 * @param differs called when the stored event is a different one of the same name; throws
 */
function countEvent(context: Context, target: Target, event: Obj, differs: () => never): Observable<Obj> {
  const plan = (stored: Obj): WritePlan => {
    const counted = countedEvent(stored, event);
    if (counted === undefined) return differs();
    if (counted === stored) return { type: 'keep' };
    return { type: 'put', object: counted };
  };
  return readModifyWrite(context, target, plan, context.limits.retries).pipe(map(({ object }) => object));
}

/** Rejects a create in a namespace that does not exist or is terminating. */
const checkNamespace = (context: Context, target: Target): Answer<void> =>
  checkAgainstView(context, ({ view }) => {
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
  return statusError('Forbidden', status.message, { kind: kind.resource, causes });
}

/** The random part of a name from `metadata.generateName`. @param random uniform in [0, 1) */
function nameSuffix(random: () => number): string {
  let suffix = '';
  while (suffix.length < SUFFIX_LENGTH) suffix += SUFFIX_ALPHABET[Math.floor(random() * SUFFIX_ALPHABET.length)] ?? '';
  return suffix;
}
