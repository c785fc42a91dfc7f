import type { Deployment, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { availableOf, type Resize, resize, sizeOf, total } from './replica-counts.ts';
import { byAge, DESIRED, MAX } from './revision-annotations.ts';
import type { RollingLimits } from './rolling-update-limits.ts';

/** Was the Deployment scaled since its ReplicaSets were last sized? Then these are scaled before a rollout continues. */
export const wasScaled = (deployment: Deployment, sets: readonly ReplicaSet[]): boolean =>
  sets.some((set) => {
    const desired = set.metadata?.annotations?.[DESIRED];
    return sizeOf(set) > 0 && desired !== undefined && Number(desired) !== sizeOf(deployment);
  });

/**
 * Scales the ReplicaSets of a Deployment that was scaled or is paused: a single active set gets the whole size, several
 * share it in proportion to their sizes.
 */
export function planScaling(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  oldSets: readonly ReplicaSet[],
  limits: RollingLimits,
): readonly Resize[] {
  const want = sizeOf(deployment);
  const sets = newSet === undefined ? oldSets : [...oldSets, newSet];
  const active = sets.filter((set) => sizeOf(set) > 0);
  const only = active.length === 0 ? (newSet ?? byAge(oldSets).at(-1)) : active.length === 1 ? active[0] : undefined;
  if (only !== undefined) return resize(only, want);
  if (newSet !== undefined && isSaturated(newSet, want))
    return active.filter((set) => set !== newSet).flatMap((set) => resize(set, 0));
  if (deployment.spec?.strategy?.type === 'Recreate') return [];
  return inProportion(active, want > 0 ? want + limits.maxSurge : 0, deployment.status?.replicas ?? 0);
}

const isSaturated = (set: ReplicaSet, want: number): boolean =>
  sizeOf(set) === want && Number(set.metadata?.annotations?.[DESIRED]) === want && availableOf(set) === want;

/** Larger sets grow or shrink by a larger share; the largest also gets what rounding leaves over. */
function inProportion(active: readonly ReplicaSet[], allowed: number, lastMax: number): readonly Resize[] {
  const toAdd = allowed - total(active, sizeOf);
  if (toAdd === 0) return [];
  // Of equal sizes, the newer comes first when growing, the older when shrinking.
  const aged = toAdd > 0 ? [...byAge(active)].reverse() : byAge(active);
  const bySize = [...aged].sort((a, b) => sizeOf(b) - sizeOf(a));
  let added = 0;
  const sizes = bySize.map((set) => {
    const part = proportion(set, allowed, Number(set.metadata?.annotations?.[MAX] ?? lastMax), toAdd - added);
    added += part;
    return { set, replicas: sizeOf(set) + part };
  });
  return sizes.flatMap(({ set, replicas }, at) =>
    resize(set, Math.max(0, at === 0 ? replicas + (toAdd - added) : replicas)),
  );
}

/**
 * By how much one set is resized; negative to shrink.
 * @param left what is still to be added in all; negative to remove
 * @see kubernetes/kubernetes pkg/controller/deployment/util: GetReplicaSetProportion
 */
function proportion(set: ReplicaSet, newMax: number, oldMax: number, left: number): number {
  const size = sizeOf(set);
  if (size === 0 || left === 0 || !(oldMax > 0)) return 0;
  const fraction = Math.round((size * newMax) / oldMax) - size;
  return left > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}
