import type { Deployment, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { isTerminating } from '../shared/object-meta.ts';
import { isEmpty } from './replica-counts.ts';
import { byAge, revisionOf } from './revision-annotations.ts';

/**
 * The old ReplicaSets beyond `revisionHistoryLimit` that are to be deleted, the oldest revisions first. A set that still
 * has pods, or whose status is not current, is kept. Pure.
 */
export function planHistoryCleanup(deployment: Deployment, oldSets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const surplus = oldSets.filter((set) => !isTerminating(set)).length - (deployment.spec?.revisionHistoryLimit ?? 10);
  if (surplus <= 0) return [];
  const oldest = [...byAge(oldSets)]
    .sort((a, b) => revisionOf(a) - revisionOf(b))
    .filter((set) => !isTerminating(set))
    .slice(0, surplus);
  return oldest.filter(isEmpty);
}
