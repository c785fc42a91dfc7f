import { modified, precondition } from '../api-errors.ts';
import type { Obj } from '../object.ts';
import { qualified, type Target } from '../request.ts';

/**
 * An update or patch that names a resourceVersion or a uid applies only to an object that has it.
 * @param edited the client's object
 * @throws StatusError Conflict
 */
export function checkEditPreconditions(target: Target, edited: Obj, stored: Obj): void {
  const { resourceVersion, uid } = edited.metadata;
  const resource = qualified(target.kind);
  if (resourceVersion && resourceVersion !== stored.metadata.resourceVersion) throw modified(resource, target.name);
  if (uid && uid !== stored.metadata.uid) throw precondition(resource, target.name, 'UID', uid, stored.metadata.uid);
}
