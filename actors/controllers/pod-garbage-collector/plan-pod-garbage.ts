import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { createdAt, isTerminating } from '../shared/object-meta.ts';

/**
 * Decides which ended pods are deleted so that `most` remain: evicted pods first, then the oldest. Pure.
 * @param ended in key order, which decides between pods of the same age; terminating pods are not counted
 * @see kubernetes pkg/controller/podgc/gc_controller.go: gcTerminated, byEvictionAndCreationTimestamp
 */
export function planPodGarbage(ended: readonly Pod[], most: number): readonly Pod[] {
  const remaining = ended.filter((pod) => !isTerminating(pod));
  if (remaining.length <= most) return [];
  return remaining
    .map((pod) => ({ pod, rank: pod.status?.reason === 'Evicted' ? 0 : 1, at: createdAt(pod) }))
    .sort((a, b) => a.rank - b.rank || a.at - b.at)
    .slice(0, remaining.length - most)
    .map(({ pod }) => pod);
}
