import { failure, type Status, StatusError, statusError } from '../../contracts/errors/status.ts';

/* Kubernetes' words for the refusals that people and programs know. `resource` is the plural, with its group. */

/** `deployments.apps` is the kind `deployments` of the group `apps`, as Kubernetes tells it apart. */
function about(resource: string, name: string): { name: string; kind: string; group?: string } {
  const dot = resource.indexOf('.');
  return dot < 0 ? { name, kind: resource } : { name, kind: resource.slice(0, dot), group: resource.slice(dot + 1) };
}

export const notFound = (resource: string, name: string): StatusError =>
  statusError('NotFound', `${resource} "${name}" not found`, about(resource, name));

export const alreadyExists = (resource: string, name: string): StatusError =>
  statusError('AlreadyExists', `${resource} "${name}" already exists`, about(resource, name));

export const conflict = (resource: string, name: string, finding: string): StatusError =>
  statusError('Conflict', `Operation cannot be fulfilled on ${resource} "${name}": ${finding}`, about(resource, name));

/** @param found the stored object's; `wanted` is the precondition's */
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

export const forbidden = (resource: string, name: string, finding: string): StatusError =>
  statusError('Forbidden', `${resource} "${name}" is forbidden: ${finding}`, about(resource, name));

/** What a request that went wrong is answered with; an unforeseen error is our fault and says so. */
export function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  const finding = error instanceof Error ? error.message : String(error);
  return failure('InternalError', `api-server: unexpected ${finding}; ask again, and report it if it stays`);
}

/** Did someone else write first? */
export const isConflict = (error: unknown): boolean =>
  error instanceof StatusError && (error.reason === 'Conflict' || error.reason === 'AlreadyExists');
