import type { Deployment, ReplicaSet } from '../../../contracts/kinds/kinds.ts';

/** A new size for one ReplicaSet. */
export interface Resize {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

/** Empty when the set has this size already. */
export const resize = (set: ReplicaSet, replicas: number): readonly Resize[] =>
  replicas === sizeOf(set) ? [] : [{ set, replicas }];

/** The desired number of pods. */
export const sizeOf = ({ spec }: Deployment | ReplicaSet): number => spec?.replicas ?? 1;

export const total = (sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number =>
  sets.reduce((sum, set) => sum + count(set), 0);

/** Available pods; at most the desired number, because the status may still be that of a larger size. */
export const availableOf = (set: ReplicaSet): number => Math.min(set.status?.availableReplicas ?? 0, sizeOf(set));

/** The set is scaled to 0 and its current status confirms that it has no pods. */
export const isEmpty = (set: ReplicaSet): boolean =>
  sizeOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && isObserved(set, set.status);

/** Is the status of the object's current generation? */
export const isObserved = (
  { metadata }: Deployment | ReplicaSet,
  status: { readonly observedGeneration?: number } | undefined,
): boolean => (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
