import type { PodRef } from './references.ts';
import type { FilesystemStats, VolumeStats } from './filesystem.ts';

export interface ContainerStats {
  readonly id: string;
  readonly pod: PodRef;
  readonly name: string;
  /** CPU time since its start, in nanoseconds. */
  readonly cpuNanoseconds?: number;
  /** Memory that cannot be freed at once: usage less inactive file cache. */
  readonly workingSetBytes?: number;
  readonly pids?: number;
  /** What it wrote into its own filesystem, and its log. Measured less often than the rest. */
  readonly rootfsBytes?: number;
  readonly logsBytes?: number;
}

/** What a machine and its running containers use, as the engine's adapter reads it. */
export interface RuntimeStats {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** CPU time of the whole machine since its start, in nanoseconds. */
  readonly cpuNanoseconds: number;
  readonly memory: { readonly capacityBytes: number; readonly availableBytes: number };
  readonly pids: { readonly running: number; readonly most: number };
  /** Where the engine keeps images and containers. */
  readonly imagefs: FilesystemStats;
  readonly containers: readonly ContainerStats[];
}

/** The answer of `stats`. */
export interface NodeStats extends RuntimeStats {
  /** Where the pods' folders are. */
  readonly nodefs: FilesystemStats;
  /** Volumes on the node's disk that belong to a pod. */
  readonly volumes: readonly VolumeStats[];
}
