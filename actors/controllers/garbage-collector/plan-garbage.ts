import { eventKind } from '../../../contracts/kinds/event/event.ts';
import { groupOf } from '../../../contracts/kinds/kind.ts';
import type { KubeObject, OwnerReference } from '../../../contracts/kinds/kinds.ts';
import type { KindRegistry } from '../../../contracts/kinds/registry.ts';
import { FINALIZER } from '../../../contracts/kinds/meta/check-meta.ts';
import { isTerminating, namespaceOf, uidOf } from '../shared/object-meta.ts';

export type GarbageEffect =
  | { readonly type: 'delete'; readonly object: KubeObject; readonly policy: 'Background' | 'Foreground' | 'Orphan' }
  | { readonly type: 'set-owners'; readonly object: KubeObject; readonly owners: readonly OwnerReference[] }
  | { readonly type: 'set-finalizers'; readonly object: KubeObject; readonly finalizers: readonly string[] };

const has = (object: KubeObject, finalizer: string): boolean =>
  object.metadata?.finalizers?.includes(finalizer) === true;
/** Must the owner be removed from its dependents' owner references before it is deleted? */
export const isOrphaning = (owner: KubeObject): boolean => has(owner, FINALIZER.orphan);
const blocks = ({ blockOwnerDeletion }: OwnerReference): boolean => blockOwnerDeletion === true;
const unblocked = (reference: OwnerReference): OwnerReference => ({ ...reference, blockOwnerDeletion: false });
const awaitsDependents = (owner: KubeObject): boolean => isTerminating(owner) && has(owner, FINALIZER.foreground);

/**
 * Decides whether an object is deleted, which it is when none of its owners exists. Pure and total. An owner of an unknown
 * kind counts as existing. So does the namespaced owner of a cluster-scoped object: its reference does not say in which
 * namespace it is.
 * @param owner      the existing object with that uid
 * @param dependents objects that this object owns
 */
export function planDependent(
  object: KubeObject,
  kinds: KindRegistry,
  owner: (uid: string) => KubeObject | undefined,
  dependents: readonly KubeObject[],
): readonly GarbageEffect[] {
  const owners = object.metadata?.ownerReferences ?? [];
  if (owners.length === 0 || isTerminating(object)) return [];
  const existing = (reference: OwnerReference): KubeObject | undefined => {
    const found = owner(reference.uid);
    return found !== undefined && (namespaceOf(found) === '' || namespaceOf(found) === namespaceOf(object))
      ? found
      : undefined;
  };
  const remaining: OwnerReference[] = [];
  let ownerAwaitsDependents = false;
  for (const reference of owners) {
    const found = existing(reference);
    if (found === undefined ? !canBeMissed(reference, kinds, object) : !awaitsDependents(found))
      remaining.push(reference);
    else if (found !== undefined) ownerAwaitsDependents = true;
  }
  if (remaining.length === owners.length) return [];
  if (remaining.length > 0) return [{ type: 'set-owners', object, owners: remaining }];
  if (ownerAwaitsDependents && dependents.length > 0) {
    // An owner and its dependent may each wait for the other's deletion: then the object stops blocking its owners.
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

/** Would this owner be seen if it existed? The kind counts, not the version: a reference may name one that is served no more. */
function canBeMissed({ apiVersion, kind }: OwnerReference, kinds: KindRegistry, object: KubeObject): boolean {
  const owner = kinds.kinds.find((one) => one.kind === kind && one.group === groupOf(apiVersion));
  if (owner === undefined || owner.resource === eventKind.resource) return false;
  return !owner.namespaced || namespaceOf(object) !== '';
}

/** Decides what a terminating owner's garbage collector finalizer requires of its dependents, and when it is removed. */
export function planOwner(owner: KubeObject, dependents: Iterable<KubeObject>): readonly GarbageEffect[] {
  if (!isTerminating(owner)) return [];
  if (isOrphaning(owner)) {
    const orphaned = [...dependents].map((object): GarbageEffect => {
      const owners = (object.metadata?.ownerReferences ?? []).filter(({ uid }) => uid !== uidOf(owner));
      return { type: 'set-owners', object, owners };
    });
    return [...orphaned, ...(orphaned.length === 0 ? [without(owner, FINALIZER.orphan)] : [])];
  }
  if (!has(owner, FINALIZER.foreground)) return [];
  for (const object of dependents) if (isBlocking(object, owner)) return [];
  return [without(owner, FINALIZER.foreground)];
}

/** An object does not block itself. */
const isBlocking = (object: KubeObject, owner: KubeObject): boolean =>
  uidOf(object) !== uidOf(owner) &&
  object.metadata?.ownerReferences?.some((reference) => reference.uid === uidOf(owner) && blocks(reference)) === true;

const without = (object: KubeObject, finalizer: string): GarbageEffect => ({
  type: 'set-finalizers',
  object,
  finalizers: (object.metadata?.finalizers ?? []).filter((name) => name !== finalizer),
});
