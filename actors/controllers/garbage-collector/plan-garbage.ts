import type { KubeObject, OwnerReference } from '../../../contracts/kinds/kinds.ts';
import { FINALIZER } from '../../../contracts/kinds/meta/check-meta.ts';
import { isKept } from '../shared/managed-resources.ts';
import { isTerminating, namespaceOf, uidOf } from '../shared/object-meta.ts';

export type GarbageEffect =
  | { readonly type: 'delete'; readonly object: KubeObject; readonly policy: 'Background' | 'Foreground' | 'Orphan' }
  | { readonly type: 'set-owners'; readonly object: KubeObject; readonly owners: readonly OwnerReference[] }
  | { readonly type: 'set-finalizers'; readonly object: KubeObject; readonly finalizers: readonly string[] };

const has = (object: KubeObject, finalizer: string): boolean =>
  object.metadata?.finalizers?.includes(finalizer) === true;
/** Do its dependents have to forget it first? */
export const isOrphaning = (owner: KubeObject): boolean => has(owner, FINALIZER.orphan);
const blocks = ({ blockOwnerDeletion }: OwnerReference): boolean => blockOwnerDeletion === true;
const unblocked = (reference: OwnerReference): OwnerReference => ({ ...reference, blockOwnerDeletion: false });
const awaitsDependents = (owner: KubeObject): boolean => isTerminating(owner) && has(owner, FINALIZER.foreground);

/**
 * Decides whether an object may stay: it goes when none of its owners is left. Pure and total. An owner of a kind that
 * nobody here looks after counts as present: what can't be seen is not known to be gone. So does, for an object without a
 * namespace, an owner that would have one: nobody says in which to look.
 * @param owner      the live object with that uid
 * @param dependents objects that are owned by it
 */
export function planDependent(
  object: KubeObject,
  owner: (uid: string) => KubeObject | undefined,
  dependents: readonly KubeObject[],
): readonly GarbageEffect[] {
  const owners = object.metadata?.ownerReferences ?? [];
  if (owners.length === 0 || isTerminating(object)) return [];
  const present = (reference: OwnerReference): KubeObject | undefined => {
    const found = owner(reference.uid);
    return found !== undefined && (namespaceOf(found) === '' || namespaceOf(found) === namespaceOf(object))
      ? found
      : undefined;
  };
  const solid: OwnerReference[] = [];
  let waited = false;
  for (const reference of owners) {
    const found = present(reference);
    const scope = namespaceOf(object) === '' ? 'cluster' : 'namespace';
    if (found === undefined ? !isKept(reference, scope) : !awaitsDependents(found)) solid.push(reference);
    else if (found !== undefined) waited = true;
  }
  if (solid.length === owners.length) return [];
  if (solid.length > 0) return [{ type: 'set-owners', object, owners: solid }];
  if (waited && dependents.length > 0) {
    // Who waits for it may be waited for by it, in a circle: then it blocks nobody any more.
    const circular = dependents.some(awaitsDependents) && owners.some(blocks);
    if (circular) return [{ type: 'set-owners', object, owners: owners.map(unblocked) }];
    return [{ type: 'delete', object, policy: 'Foreground' }];
  }
  const policy = has(object, FINALIZER.orphan)
    ? 'Orphan'
    : has(object, FINALIZER.foreground)
      ? 'Foreground'
      : 'Background';
  return [{ type: 'delete', object, policy }];
}

/** Decides what an owner on its way out, held by a finalizer of ours, asks of its dependents, and when it is let go. */
export function planOwner(owner: KubeObject, dependents: Iterable<KubeObject>): readonly GarbageEffect[] {
  if (!isTerminating(owner)) return [];
  if (isOrphaning(owner)) {
    const forgetting = [...dependents].map((object): GarbageEffect => {
      const owners = (object.metadata?.ownerReferences ?? []).filter(({ uid }) => uid !== uidOf(owner));
      return { type: 'set-owners', object, owners };
    });
    return [...forgetting, ...(forgetting.length === 0 ? [without(owner, FINALIZER.orphan)] : [])];
  }
  if (!has(owner, FINALIZER.foreground)) return [];
  for (const object of dependents) if (isBlocking(object, owner)) return [];
  return [without(owner, FINALIZER.foreground)];
}

/** Nobody waits for itself. */
const isBlocking = (object: KubeObject, owner: KubeObject): boolean =>
  uidOf(object) !== uidOf(owner) &&
  object.metadata?.ownerReferences?.some((reference) => reference.uid === uidOf(owner) && blocks(reference)) === true;

const without = (object: KubeObject, finalizer: string): GarbageEffect => ({
  type: 'set-finalizers',
  object,
  finalizers: (object.metadata?.finalizers ?? []).filter((name) => name !== finalizer),
});
