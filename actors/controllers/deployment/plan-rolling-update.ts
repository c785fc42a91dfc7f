import type { Deployment, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { availableOf, type Resize, resize, sizeOf, total } from './replica-counts.ts';
import { byAge } from './revision-annotations.ts';
import type { RollingLimits } from './rolling-update-limits.ts';

/** The next step of a rolling update: scales the new set up within maxSurge, else old sets down within maxUnavailable. */
export function planRollingUpdate(
  deployment: Deployment,
  newSet: ReplicaSet,
  oldSets: readonly ReplicaSet[],
  limits: RollingLimits,
): readonly Resize[] {
  // The set was scaled down and still has the pods: scaled up now, they would be counted as pods of the new size.
  if ((newSet.status?.replicas ?? 0) > sizeOf(newSet)) return [];
  const want = sizeOf(deployment);
  const grown = resize(newSet, newSetSize(want, newSet, oldSets, limits));
  return grown.length > 0 ? grown : shrinkOld(want, newSet, oldSets, limits);
}

/** The size that the new set may have now without exceeding maxSurge. */
export function newSetSize(
  want: number,
  newSet: ReplicaSet | undefined,
  oldSets: readonly ReplicaSet[],
  limits: RollingLimits,
): number {
  const size = newSet === undefined ? 0 : sizeOf(newSet);
  if (size > want) return want;
  const room = want + limits.maxSurge - total(oldSets, sizeOf) - size;
  return room <= 0 ? size : size + Math.min(room, want - size);
}

/** Scales old sets down as far as maxUnavailable allows. */
function shrinkOld(
  want: number,
  newSet: ReplicaSet,
  oldSets: readonly ReplicaSet[],
  limits: RollingLimits,
): readonly Resize[] {
  const olds = byAge(oldSets).filter((set) => sizeOf(set) > 0);
  const minAvailable = want - limits.maxUnavailable;
  const newUnavailable = sizeOf(newSet) - availableOf(newSet);
  const removable = total(olds, sizeOf) + sizeOf(newSet) - minAvailable - newUnavailable;
  if (olds.length === 0 || removable <= 0) return [];
  const sizes = new Map(olds.map((set) => [set, sizeOf(set)]));
  const take = (set: ReplicaSet, count: number): number => {
    sizes.set(set, (sizes.get(set) ?? 0) - count);
    return count;
  };
  let unhealthy = removable;
  for (const set of olds) {
    // Unavailable pods are removed first: a rollout that replaces a broken template must not wait for its pods.
    const broken = Math.max(0, sizeOf(set) - availableOf(set));
    unhealthy -= take(set, Math.min(unhealthy, broken));
  }
  let spare = total(olds, availableOf) + availableOf(newSet) - minAvailable;
  for (const set of olds) {
    if (spare <= 0) break;
    spare -= take(set, Math.min(spare, sizes.get(set) ?? 0));
  }
  return olds.flatMap((set) => resize(set, sizes.get(set) ?? 0));
}
