import { own } from '../../../contracts/json-values.ts';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { deletionCost } from '../../../contracts/kinds/pod-template/deletion-cost.ts';
import { createdAt, nameOf } from '../shared/object-meta.ts';
import { readySince } from '../shared/pod-availability.ts';

const PHASE_RANK: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Sorts pods in the order in which a ReplicaSet deletes them, as Kubernetes' ActivePodsWithRanks: unassigned first, then
 * pending, not ready, lower deletion cost, more pods of the set on the same node, ready for a shorter time, more restarts,
 * younger; finally by name, so that the order is total.
 */
export function inDeletionOrder(pods: readonly Pod[]): readonly Pod[] {
  const onNode = new Map<string, number>();
  for (const pod of pods) {
    const node = pod.spec?.nodeName ?? '';
    if (node !== '') onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  const rank = (pod: Pod): readonly number[] => {
    const since = readySince(pod);
    return [
      (pod.spec?.nodeName ?? '') === '' ? 0 : 1,
      own(PHASE_RANK, pod.status?.phase ?? 'Pending') ?? 1,
      since === undefined ? 0 : 1,
      deletionCost(pod.metadata) ?? 0,
      -(onNode.get(pod.spec?.nodeName ?? '') ?? 0),
      -(since ?? 0),
      -restarts(pod),
      -createdAt(pod),
    ];
  };
  return pods
    .map((pod) => ({ pod, rank: rank(pod) }))
    .sort((a, b) => {
      const at = a.rank.findIndex((value, index) => value !== b.rank[index]);
      return at >= 0 ? (a.rank[at] ?? 0) - (b.rank[at] ?? 0) : nameOf(a.pod) < nameOf(b.pod) ? -1 : 1;
    })
    .map(({ pod }) => pod);
}

const restarts = (pod: Pod): number =>
  Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
