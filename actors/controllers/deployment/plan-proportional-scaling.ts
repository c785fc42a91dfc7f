import type { Deployment, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { byAge, DESIRED, MAX } from './revision-annotations.ts';
import type { RollingLimits } from './rolling-update-limits.ts';

/** One set's new size. */
export interface Resize {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

/** How many pods it shall have. */
export const sizeOf = ({ spec }: Deployment | ReplicaSet): number => spec?.replicas ?? 1;
export const total = (sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number =>
  sets.reduce((sum, set) => sum + count(set), 0);
/** A set that has yet to tell of its new size has no more than that. */
const available = (set: ReplicaSet): number => Math.min(set.status?.availableReplicas ?? 0, sizeOf(set));
const resize = (set: ReplicaSet, replicas: number): readonly Resize[] =>
  replicas === sizeOf(set) ? [] : [{ set, replicas }];

/** Was the Deployment scaled since its sets were last sized? Then sizes follow before any rollout goes on. */
export const wasScaled = (deployment: Deployment, sets: readonly ReplicaSet[]): boolean =>
  sets.some((set) => {
    const desired = set.metadata?.annotations?.[DESIRED];
    return sizeOf(set) > 0 && desired !== undefined && Number(desired) !== sizeOf(deployment);
  });

/** Follows a scaled Deployment: the one active set takes it all, several share it in proportion to their sizes. */
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
  sizeOf(set) === want && Number(set.metadata?.annotations?.[DESIRED]) === want && available(set) === want;

/** Larger sets take (or give) the larger share; what rounding leaves goes to the largest. */
function inProportion(active: readonly ReplicaSet[], allowed: number, lastMax: number): readonly Resize[] {
  const toAdd = allowed - total(active, sizeOf);
  if (toAdd === 0) return [];
  // Growing favours the newer of equals, shrinking the older.
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
 * What one set takes of what is left to add; negative to give.
 * @see kubernetes/kubernetes pkg/controller/deployment/util: GetReplicaSetProportion
 */
function proportion(set: ReplicaSet, newMax: number, oldMax: number, left: number): number {
  const size = sizeOf(set);
  if (size === 0 || left === 0 || !(oldMax > 0)) return 0;
  const fraction = Math.round((size * newMax) / oldMax) - size;
  return left > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}

/** One step of a rolling update: first up within the surge, else down within what may be unavailable. */
export function planRolling(
  deployment: Deployment,
  newSet: ReplicaSet,
  oldSets: readonly ReplicaSet[],
  limits: RollingLimits,
): readonly Resize[] {
  // Grown again before it has told what it gave, it would be taken for as large as it was.
  if ((newSet.status?.replicas ?? 0) > sizeOf(newSet)) return [];
  const want = sizeOf(deployment);
  const grown = resize(newSet, newSetSize(want, newSet, oldSets, limits));
  return grown.length > 0 ? grown : shrinkOld(want, newSet, oldSets, limits);
}

/** How large the new set may be now. */
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

function shrinkOld(
  want: number,
  newSet: ReplicaSet,
  oldSets: readonly ReplicaSet[],
  limits: RollingLimits,
): readonly Resize[] {
  const olds = byAge(oldSets).filter((set) => sizeOf(set) > 0);
  const minAvailable = want - limits.maxUnavailable;
  const newUnavailable = sizeOf(newSet) - available(newSet);
  const mayGo = total(olds, sizeOf) + sizeOf(newSet) - minAvailable - newUnavailable;
  if (olds.length === 0 || mayGo <= 0) return [];
  const sizes = new Map(olds.map((set) => [set, sizeOf(set)]));
  const take = (set: ReplicaSet, count: number): number => {
    sizes.set(set, (sizes.get(set) ?? 0) - count);
    return count;
  };
  let unhealthy = mayGo;
  for (const set of olds) {
    // Pods that serve nobody go first: a rollout away from a broken template must not wait for it.
    const broken = Math.max(0, sizeOf(set) - available(set));
    unhealthy -= take(set, Math.min(unhealthy, broken));
  }
  let spare = total(olds, available) + available(newSet) - minAvailable;
  for (const set of olds) {
    if (spare <= 0) break;
    spare -= take(set, Math.min(spare, sizes.get(set) ?? 0));
  }
  return olds.flatMap((set) => resize(set, sizes.get(set) ?? 0));
}

/** Recreate: every old pod must be gone, its containers stopped, before a new one is made. */
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

/** It shall have no pods and has none, and says so of what it is now. */
export const isEmpty = (set: ReplicaSet): boolean =>
  sizeOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && isSeen(set, set.status);

/** Does a status speak of the object as it is now? */
export const isSeen = (
  { metadata }: Deployment | ReplicaSet,
  status: { readonly observedGeneration?: number } | undefined,
): boolean => (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
