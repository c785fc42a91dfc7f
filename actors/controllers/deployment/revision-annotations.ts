import type { Deployment, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { LAST_APPLIED } from '../../../contracts/merge/last-applied.ts';
import { createdAt, nameOf } from '../shared/object-meta.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
export const DESIRED = 'deployment.kubernetes.io/desired-replicas';
export const MAX = 'deployment.kubernetes.io/max-replicas';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';

/** Annotations that are not copied from a Deployment to its ReplicaSets. */
const OWN_ANNOTATIONS: ReadonlySet<string> = new Set([
  LAST_APPLIED,
  REVISION,
  REVISION_HISTORY,
  DESIRED,
  MAX,
  'deprecated.deployment.rollback.to',
]);

/** Oldest first; by name when two were created in the same second. */
export const byAge = (sets: readonly ReplicaSet[]): readonly ReplicaSet[] =>
  [...sets].sort((a, b) => createdAt(a) - createdAt(b) || (nameOf(a) < nameOf(b) ? -1 : 1));

export function revisionOf(object: ReplicaSet | Deployment): number {
  const revision = Number(object.metadata?.annotations?.[REVISION] ?? 0);
  return Number.isInteger(revision) ? revision : 0;
}

/** The Deployment's annotations that its ReplicaSets get too. */
export const copiedAnnotations = (deployment: Deployment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(deployment.metadata?.annotations ?? {}).filter(([name]) => !OWN_ANNOTATIONS.has(name)),
  );
