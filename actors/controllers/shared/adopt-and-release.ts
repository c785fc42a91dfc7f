import type { KubeObject, LabelSelector, OwnerReference } from '../../../contracts/kinds/kinds.ts';
import { selectorMatches } from '../../../contracts/selectors/label-selector.ts';
import { controllerOf, isTerminating, uidOf } from './object-meta.ts';

export interface Claim<T> {
  /** Managed by the owner and selected. */
  readonly mine: readonly T[];
  /** Selected and managed by nobody: to be adopted. */
  readonly adopt: readonly T[];
  /** Managed by the owner, but no longer selected: to be let go. */
  readonly release: readonly T[];
}

/** Sorts children by what their owner's selector says of them. An owner on its way out neither adopts nor releases. */
export function claim<T extends KubeObject>(
  owner: KubeObject,
  selector: LabelSelector | undefined,
  children: readonly T[],
): Claim<T> {
  const mine: T[] = [];
  const adopt: T[] = [];
  const release: T[] = [];
  const leaving = isTerminating(owner);
  for (const child of children) {
    const controller = controllerOf(child);
    const selected = selectorMatches(selector, child.metadata?.labels);
    if (controller?.uid === uidOf(owner)) {
      if (selected) mine.push(child);
      else if (!leaving) release.push(child);
    } else if (controller === undefined && selected && !leaving && !isTerminating(child)) adopt.push(child);
  }
  return { mine, adopt, release };
}

/** Merge patch that makes `reference` the child's manager. Refused when the child changed since it was seen. */
export const adoption = (child: KubeObject, reference: OwnerReference) =>
  ownership(child, [...(child.metadata?.ownerReferences ?? []), reference]);

/** Merge patch that takes the owner off the child. */
export const release = (child: KubeObject, ownerUid: string) =>
  ownership(
    child,
    (child.metadata?.ownerReferences ?? []).filter(({ uid }) => uid !== ownerUid),
  );

const ownership = ({ metadata }: KubeObject, ownerReferences: readonly OwnerReference[]) => ({
  metadata: { uid: metadata?.uid, resourceVersion: metadata?.resourceVersion, ownerReferences },
});
