import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { createdAt, isTerminating } from '../shared/object-meta.ts';

/**
 * Which of the pods that have ended are to go, so that `most` stay: those that were evicted first, then the oldest. Pure.
 * @param ended in key order, which decides between pods of one age; those that are on their way out already count no more
 * @see kubernetes pkg/controller/podgc/gc_controller.go: gcTerminated, byEvictionAndCreationTimestamp
 */
export function planPodGarbage(ended: readonly Pod[], most: number): readonly Pod[] {
  const staying = ended.filter((pod) => !isTerminating(pod));
  if (staying.length <= most) return [];
  return staying
    .map((pod) => ({ pod, rank: pod.status?.reason === 'Evicted' ? 0 : 1, at: createdAt(pod) }))
    .sort((a, b) => a.rank - b.rank || a.at - b.at)
    .slice(0, staying.length - most)
    .map(({ pod }) => pod);
}
