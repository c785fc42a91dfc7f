import { readFile } from 'node:fs/promises';
import type { ContainerStats } from '../../contracts/runtime/stats.ts';

type Usage = Pick<ContainerStats, 'cpuNanoseconds' | 'workingSetBytes' | 'pids'>;
type Read = (path: string) => Promise<string | undefined>;

const readFromKernel: Read = (path) => readFile(path, 'utf8').catch(() => undefined);

/** Where Docker puts a container's cgroup, with the driver `cgroupfs` and with `systemd`. */
const places = (id: string): readonly string[] => [`docker/${id}`, `system.slice/docker-${id}.scope`];

const number = (text: string | undefined): number | undefined => {
  const found = text === undefined ? Number.NaN : Number.parseInt(text, 10);
  return Number.isNaN(found) ? undefined : found;
};
const field = (text: string | undefined, name: string): number | undefined =>
  number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '')?.[1]);

/** Kubernetes' working set: usage less the file cache that the kernel can free first. */
function workingSet(usage: number | undefined, inactiveFile: number | undefined): Usage {
  return usage === undefined ? {} : { workingSetBytes: Math.max(0, usage - (inactiveFile ?? 0)) };
}
const cpu = (nanoseconds: number | undefined): Usage =>
  nanoseconds === undefined ? {} : { cpuNanoseconds: nanoseconds };
const processes = (count: number | undefined): Usage => (count === undefined ? {} : { pids: count });

async function version2(read: Read, folder: string): Promise<Usage> {
  const [stat, current, memory, pids] = await Promise.all(
    ['cpu.stat', 'memory.current', 'memory.stat', 'pids.current'].map((file) => read(`${folder}/${file}`)),
  );
  const micros = field(stat, 'usage_usec');
  return {
    ...cpu(micros === undefined ? undefined : micros * 1000),
    ...workingSet(number(current), field(memory, 'inactive_file')),
    ...processes(number(pids)),
  };
}

async function version1(read: Read, root: string, place: string): Promise<Usage> {
  const [nanos, usage, memory, pids] = await Promise.all(
    [
      `cpuacct/${place}/cpuacct.usage`,
      `memory/${place}/memory.usage_in_bytes`,
      `memory/${place}/memory.stat`,
      `pids/${place}/pids.current`,
    ].map((file) => read(`${root}/${file}`)),
  );
  return {
    ...cpu(number(nanos)),
    ...workingSet(number(usage), field(memory, 'total_inactive_file')),
    ...processes(number(pids)),
  };
}

/** What a running container uses, from the kernel's control groups, version 1 or 2. What cannot be read is absent. */
export async function cgroupUsage(id: string, read: Read = readFromKernel, root = '/sys/fs/cgroup'): Promise<Usage> {
  const unified = (await read(`${root}/cgroup.controllers`)) !== undefined;
  for (const place of places(id)) {
    const found = await (unified ? version2(read, `${root}/${place}`) : version1(read, root, place));
    if (Object.keys(found).length > 0) return found;
  }
  return {};
}
