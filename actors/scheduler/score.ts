import type { NodeInfo } from './node-table.ts';
import type { PodFacts } from './pod-requirements.ts';
import type { Load } from './resource-load.ts';

/** How good a node is for a pod, among those that passed the filters. Pure. */
export interface Score {
  /** As a table of scores heads its column. */
  readonly name: string;
  readonly weight: number;
  /** Says nothing about this pod: not asked at all. Absent = always asked. */
  readonly skips?: (pod: PodFacts) => boolean;
  /** Any number >= 0, without `scale` in [0, 100]; higher is better unless `scale` is `down`. */
  readonly score: (pod: PodFacts, node: NodeInfo, used: Load) => number;
  /** Brought to [0, 100] against the largest found: `up` = the largest is best, `down` = the largest is worst. */
  readonly scale?: 'up' | 'down';
}

export const SCORE_MAX = 100;
