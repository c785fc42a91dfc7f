import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import { type Obj, withMeta } from '../object.ts';
import type { Target } from '../request.ts';
import { presented } from '../served-kinds.ts';
import { admittedUpdate } from './admission.ts';
import { isFinished } from './plan-delete.ts';
import { checkEditPreconditions } from './preconditions.ts';
import type { WritePlan } from './read-modify-write.ts';

/** What of a stored object clients can edit: all of it, or a subresource. */
export interface Editable {
  /** The stored object as clients see and edit it. */
  readonly shown: (stored: Obj) => Obj;
  /** The stored object with the client's edit; rejects the edit by throwing. */
  readonly next: (stored: Obj, edited: Obj) => Obj;
}

/** The whole object, except its status and the metadata that the server sets. */
export const wholeObject = (target: Target): Editable => ({
  shown: (stored) => presented(target, stored),
  next: (stored, edited) => admittedUpdate(target.kind, withServerMetadata(stored, edited), stored),
});

/**
 * Plans an update or a patch of a stored object.
 * @param edit makes the client's object of the stored one as clients see it
 */
export const planUpdate =
  (target: Target, editable: Editable, edit: (shown: Obj) => Obj) =>
  (stored: Obj): WritePlan => {
    const edited = edit(editable.shown(stored));
    checkEditPreconditions(target, edited, stored);
    const { resourceVersion } = stored.metadata;
    const next = withMeta(editable.next(stored, edited), { resourceVersion });
    const refused = target.access?.refuses(target, next, stored);
    if (refused !== undefined) throw refused;
    if (isFinished(target.kind.resource, next)) return { type: 'purge', object: next };
    if (sameJson(next, stored)) return { type: 'keep' };
    return { type: 'put', object: next };
  };

/** The edited object with the stored values of the metadata that the server sets. */
function withServerMetadata(stored: Obj, edited: Obj): Obj {
  const { uid, creationTimestamp, deletionTimestamp, generation } = stored.metadata;
  return withMeta(edited, {
    uid,
    creationTimestamp,
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    generation,
    resourceVersion: undefined,
  });
}
