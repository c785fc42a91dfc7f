import { readFile, statfs } from 'node:fs/promises';
import type { FilesystemStats } from '../../contracts/runtime/filesystem.ts';
import type { RuntimeStats } from '../../contracts/runtime/stats.ts';

const read = (path: string): Promise<string> => readFile(path, 'utf8');
const KIB = 1024;
/** Of /proc/stat: a hundredth of a second. */
const TICK_NANOSECONDS = 10_000_000;

/** `MemTotal` and `MemAvailable` of /proc/meminfo. Pure. */
export function parseMemory(meminfo: string): RuntimeStats['memory'] {
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0);
  return { capacityBytes: kib('MemTotal') * KIB, availableBytes: kib('MemAvailable') * KIB };
}

/** Nanoseconds that the CPUs were busy, of /proc/stat. Pure. */
export function parseCpu(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (/^cpu\s+(.*)$/m.exec(stat)?.[1] ?? '')
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) * TICK_NANOSECONDS;
}

async function pids(): Promise<RuntimeStats['pids']> {
  const [load, most, threads] = await Promise.all(
    ['/proc/loadavg', '/proc/sys/kernel/pid_max', '/proc/sys/kernel/threads-max'].map(read),
  );
  const running = Number(/\/(\d+)/.exec(load ?? '')?.[1] ?? 0);
  return { running, most: Math.min(Number(most), Number(threads)) };
}

/** What this machine uses, as Linux counts it. */
export async function machineStats(): Promise<Pick<RuntimeStats, 'at' | 'cpuNanoseconds' | 'memory' | 'pids'>> {
  const [meminfo, stat, processes] = await Promise.all([read('/proc/meminfo'), read('/proc/stat'), pids()]);
  return { at: Date.now(), cpuNanoseconds: parseCpu(stat), memory: parseMemory(meminfo), pids: processes };
}

/** The filesystem of a path. */
export async function filesystemOf(path: string): Promise<FilesystemStats> {
  const { bsize, bavail, blocks, ffree, files } = await statfs(path);
  const inodes = files === 0 ? {} : { inodesFree: ffree, inodes: files };
  return { availableBytes: bavail * bsize, capacityBytes: blocks * bsize, ...inodes };
}
