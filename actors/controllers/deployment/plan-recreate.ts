import type { Deployment, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { isEmpty, type Resize, resize, sizeOf } from './replica-counts.ts';

/** The Recreate strategy: the new set is scaled up only when every old pod is gone, its containers stopped. */
export function planRecreate(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  oldSets: readonly ReplicaSet[],
): readonly Resize[] {
  const shrunk = oldSets.flatMap((set) => resize(set, 0));
  if (shrunk.length > 0 || newSet === undefined || !oldPodsGone(oldSets)) return shrunk;
  return resize(newSet, sizeOf(deployment));
}

export const oldPodsGone = (oldSets: readonly ReplicaSet[]): boolean =>
  oldSets.every((set) => isEmpty(set) && (set.status?.terminatingReplicas ?? 0) === 0);
