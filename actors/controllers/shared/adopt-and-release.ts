import type { KubeObject, LabelSelector, OwnerReference } from '../../../contracts/kinds/kinds.ts';
import { selectorMatches } from '../../../contracts/selectors/label-selector.ts';
import { isTerminating, uidOf } from './object-meta.ts';
import { controllerOf } from './owner-reference.ts';

export interface Claim<T> {
  /** Managed by the owner and selected by it. */
  readonly mine: readonly T[];
  /** Selected and without a managing owner: to be adopted. */
  readonly adopt: readonly T[];
  /** Managed by the owner but no longer selected: to be released. */
  readonly release: readonly T[];
}

/** Sorts children by their owner's selector. A terminating owner neither adopts nor releases. */
export function claim<T extends KubeObject>(
  owner: KubeObject,
  selector: LabelSelector | undefined,
  children: readonly T[],
): Claim<T> {
  const mine: T[] = [];
  const adopt: T[] = [];
  const release: T[] = [];
  const terminating = isTerminating(owner);
  for (const child of children) {
    const controller = controllerOf(child);
    const selected = selectorMatches(selector, child.metadata?.labels);
    if (controller?.uid === uidOf(owner)) {
      if (selected) mine.push(child);
      else if (!terminating) release.push(child);
    } else if (controller === undefined && selected && !terminating && !isTerminating(child)) adopt.push(child);
  }
  return { mine, adopt, release };
}

/** Merge patch that adds `reference` to the child's owners. Rejected if the child changed since it was read. */
export const adoption = (child: KubeObject, reference: OwnerReference) =>
  ownership(child, [...(child.metadata?.ownerReferences ?? []), reference]);

/** Merge patch that removes the owner from the child's owners. */
export const release = (child: KubeObject, ownerUid: string) =>
  ownership(
    child,
    (child.metadata?.ownerReferences ?? []).filter(({ uid }) => uid !== ownerUid),
  );

const ownership = ({ metadata }: KubeObject, ownerReferences: readonly OwnerReference[]) => ({
  metadata: { uid: metadata?.uid, resourceVersion: metadata?.resourceVersion, ownerReferences },
});
