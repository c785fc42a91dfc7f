import type { NodeInfo } from './node-table.ts';
import type { PodRequirements } from './pod-requirements.ts';
import type { Load } from '../../contracts/kinds/pod/pod-load.ts';

/**
 * Decides whether a pod can run on a node at all. Pure.
 * @param used what the node's bound and assumed pods take
 * @returns why not, in Kubernetes' words; undefined when it can. Several reasons when several resources are short.
 */
export type Filter = (pod: PodRequirements, node: NodeInfo, used: Load) => string | readonly string[] | undefined;

/** Rates the nodes that passed the filters. Pure. */
export interface Score {
  /** Heading of its column in a table of scores. */
  readonly name: string;
  readonly weight: number;
  /** True when the score does not apply to this pod and is left out. Absent = it always applies. */
  readonly skips?: (pod: PodRequirements) => boolean;
  /** Any number >= 0, in [0, 100] when there is no `scale`; higher is better unless `scale` is `down`. */
  readonly score: (pod: PodRequirements, node: NodeInfo, used: Load) => number;
  /** Normalises to [0, 100] by the largest value found: `up` = the largest is best, `down` = the largest is worst. */
  readonly scale?: 'up' | 'down';
}

export const SCORE_MAX = 100;
