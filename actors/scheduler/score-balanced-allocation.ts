import { SCORE_MAX, type Score } from './plugin.ts';

/** Prefers nodes on which the pod would bring cpu and memory to a similar share of use. */
export const scoreBalanced: Score = {
  name: 'balanced',
  weight: 1,
  score: ({ load }, { allocatable }, used) => {
    const cpu = share(allocatable.cpuMillis, used.nonzeroCpuMillis + load.nonzeroCpuMillis);
    const memory = share(allocatable.memoryBytes, used.nonzeroMemoryBytes + load.nonzeroMemoryBytes);
    return (1 - Math.abs(cpu - memory) / 2) * SCORE_MAX;
  },
};

const share = (allocatable: number, used: number): number => (allocatable <= 0 ? 1 : Math.min(1, used / allocatable));
