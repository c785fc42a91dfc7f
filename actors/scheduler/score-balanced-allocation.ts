import { SCORE_MAX, type Score } from './score.ts';

/** A node whose cpu and memory would be used to the same degree is better than one that runs out of one of them. */
export const scoreBalanced: Score = {
  name: 'balanced',
  weight: 1,
  score: ({ load }, { allocatable }, used) => {
    const cpu = share(allocatable.cpuMillis, used.guessedCpuMillis + load.guessedCpuMillis);
    const memory = share(allocatable.memoryBytes, used.guessedMemoryBytes + load.guessedMemoryBytes);
    return (1 - Math.abs(cpu - memory) / 2) * SCORE_MAX;
  },
};

const share = (has: number, takes: number): number => (has <= 0 ? 1 : Math.min(1, takes / has));
