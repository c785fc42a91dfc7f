import type { Signal } from '../../../contracts/eviction/thresholds.ts';
import type { NodeUsage } from '../../../contracts/messages/metrics.ts';
import type { FilesystemStats } from '../../../contracts/runtime/filesystem.ts';

export interface Observation {
  readonly available: number;
  readonly capacity: number;
}
export type Observations = ReadonlyMap<Signal, Observation>;

/** What a usage sample says of each signal; a filesystem without a limit of inodes has no such signal. Pure. */
export function observationsOf({ memory, pids, nodefs, imagefs }: NodeUsage): Observations {
  const space = (disk: FilesystemStats): Observation => ({
    available: disk.availableBytes,
    capacity: disk.capacityBytes,
  });
  const inodes = (signal: Signal, { inodes: capacity, inodesFree: available }: FilesystemStats) =>
    capacity === undefined || available === undefined ? [] : [[signal, { available, capacity }] as const];
  return new Map<Signal, Observation>([
    ['memory.available', { available: memory.availableBytes, capacity: memory.capacityBytes }],
    ['nodefs.available', space(nodefs)],
    ['imagefs.available', space(imagefs)],
    ['pid.available', { available: pids.most - pids.running, capacity: pids.most }],
    ...inodes('nodefs.inodesFree', nodefs),
    ...inodes('imagefs.inodesFree', imagefs),
  ]);
}
