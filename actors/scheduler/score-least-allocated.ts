import { SCORE_MAX, type Score } from './score.ts';

/** The emptier a node would be with the pod, the better: mean of cpu and memory. */
export const scoreLeastAllocated: Score = {
  name: 'least allocated',
  weight: 1,
  score: ({ load }, { allocatable }, used) =>
    (free(allocatable.cpuMillis, used.guessedCpuMillis + load.guessedCpuMillis) +
      free(allocatable.memoryBytes, used.guessedMemoryBytes + load.guessedMemoryBytes)) /
    2,
};

const free = (has: number, takes: number): number => (has <= 0 || takes > has ? 0 : ((has - takes) / has) * SCORE_MAX);
