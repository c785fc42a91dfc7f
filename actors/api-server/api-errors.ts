import { failure, type Status, StatusError, statusError } from '../../contracts/errors/status.ts';

/* Errors with the wording of Kubernetes, which clients rely on. `resource` is the plural, with its group. */

/** Status details as Kubernetes gives them: `deployments.apps` is the kind `deployments` of the group `apps`. */
function detailsOf(resource: string, name: string): { name: string; kind: string; group?: string } {
  const dot = resource.indexOf('.');
  return dot < 0 ? { name, kind: resource } : { name, kind: resource.slice(0, dot), group: resource.slice(dot + 1) };
}

export const notFound = (resource: string, name: string): StatusError =>
  statusError('NotFound', `${resource} "${name}" not found`, detailsOf(resource, name));

export const alreadyExists = (resource: string, name: string): StatusError =>
  statusError('AlreadyExists', `${resource} "${name}" already exists`, detailsOf(resource, name));

export const conflict = (resource: string, name: string, finding: string): StatusError =>
  statusError(
    'Conflict',
    `Operation cannot be fulfilled on ${resource} "${name}": ${finding}`,
    detailsOf(resource, name),
  );

/** @param wanted value of the precondition. @param found value of the stored object */
export const precondition = (
  resource: string,
  name: string,
  what: 'UID' | 'ResourceVersion',
  wanted: string,
  found: string | undefined,
): StatusError =>
  conflict(
    resource,
    name,
    `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found ?? ''}`,
  );

export const modified = (resource: string, name: string): StatusError =>
  conflict(
    resource,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );

export const badRequest = (message: string): StatusError => statusError('BadRequest', message);

/** @param name empty: a collection */
export const forbidden = (resource: string, name: string, finding: string): StatusError =>
  statusError(
    'Forbidden',
    `${resource}${name === '' ? '' : ` "${name}"`} is forbidden: ${finding}`,
    detailsOf(resource, name),
  );

/** The `Status` that answers an error; an unexpected error becomes InternalError. */
export function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  const finding = error instanceof Error ? error.message : String(error);
  return failure('InternalError', `api-server: unexpected error: ${finding}; retry, and report it if it persists`);
}

/** True when another write of the object came first. */
export const isConflict = (error: unknown): boolean =>
  error instanceof StatusError && (error.reason === 'Conflict' || error.reason === 'AlreadyExists');
