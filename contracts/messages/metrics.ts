import type { ContainerStats, NodeStats } from '../runtime/stats.ts';

export interface ContainerUsage extends ContainerStats {
  /** Average since the sample before, in billionths of a core; absent in a container's first sample. */
  readonly cpuNanoCores?: number;
}

/** A sample of what a node, its pods and containers use. */
export interface NodeUsage extends Omit<NodeStats, 'containers'> {
  readonly node: string;
  /** As in `ContainerUsage`. */
  readonly cpuNanoCores?: number;
  readonly containers: readonly ContainerUsage[];
}
