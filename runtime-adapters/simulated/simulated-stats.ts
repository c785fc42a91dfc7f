import type { FilesystemStats } from '../../contracts/runtime/filesystem.ts';
import type { RuntimeStats } from '../../contracts/runtime/stats.ts';
import type { SimulatedNode } from './simulated-node.ts';

/** A disk that is nearly empty. */
export const ROOMY: FilesystemStats = {
  availableBytes: 90 * 2 ** 30,
  capacityBytes: 100 * 2 ** 30,
  inodesFree: 900_000,
  inodes: 1_000_000,
};

/** What a simulated machine says that it uses. @param now milliseconds since the Unix epoch */
export function simulatedStats(node: SimulatedNode, memoryBytes: number, now: number): RuntimeStats {
  const running = [...node.containers.values()].filter(({ status }) => status.state === 'running');
  const containers = running.map(({ status, run: { usage = {} } }) => ({
    id: status.id,
    pod: status.pod,
    name: status.name,
    cpuNanoseconds: (usage.cpuMillis ?? 0) * 1000 * (now - (status.startedAt ?? now)),
    workingSetBytes: usage.memoryBytes ?? 0,
    rootfsBytes: usage.rootfsBytes ?? 0,
    logsBytes: 0,
  }));
  const used = containers.reduce((sum, { workingSetBytes }) => sum + workingSetBytes, 0);
  const available = node.usage.memoryAvailableBytes ?? memoryBytes / 2 - used;
  return {
    at: now,
    cpuNanoseconds: containers.reduce((sum, { cpuNanoseconds }) => sum + cpuNanoseconds, 0),
    memory: { capacityBytes: memoryBytes, availableBytes: Math.max(0, available) },
    pids: node.usage.pids ?? { running: 100, most: 32_768 },
    imagefs: node.usage.imagefs ?? ROOMY,
    containers,
  };
}
