import { SCORE_MAX, type Score } from './plugin.ts';

/** Prefers nodes that would have the largest share of cpu and memory left with the pod: the mean of the two. */
export const scoreLeastAllocated: Score = {
  name: 'least allocated',
  weight: 1,
  score: ({ load }, { allocatable }, used) =>
    (free(allocatable.cpuMillis, used.nonzeroCpuMillis + load.nonzeroCpuMillis) +
      free(allocatable.memoryBytes, used.nonzeroMemoryBytes + load.nonzeroMemoryBytes)) /
    2,
};

const free = (allocatable: number, used: number): number =>
  allocatable <= 0 || used > allocatable ? 0 : ((allocatable - used) / allocatable) * SCORE_MAX;
