import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc; 100 on Debian. */
const TICKS = (): number => Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

let ticksPerSecond: number | undefined;

/** Resident bytes of a process now, and its CPU seconds since its start. Linux only. */
export function processFigures(pid: number): { readonly rssBytes: number; readonly cpuSeconds: number } {
  ticksPerSecond ??= TICKS();
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  return {
    rssBytes: kilobytes * 1024,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
  };
}

/** Microseconds of CPU per operation. */
export interface CpuUsed {
  readonly masterUs: number;
  readonly natsUs: number;
  /** Of the process that hosts nodes, if there is one. */
  readonly nodesUs?: number;
}

/** Measures the CPU time of processes: unlike a rate, it hardly depends on the machine's other load. */
export function cpuMeter(pids: {
  readonly master: number;
  readonly nats: number;
  readonly nodes?: number | undefined;
}) {
  const spent = (pid: number | undefined): number => (pid === undefined ? 0 : processFigures(pid).cpuSeconds);
  const now = () => ({ master: spent(pids.master), nats: spent(pids.nats), nodes: spent(pids.nodes) });
  const before = now();
  /** @param count operations since the meter was created */
  return (count: number): CpuUsed => {
    const after = now();
    const us = (who: keyof typeof after): number => ((after[who] - before[who]) * 1e6) / count;
    return {
      masterUs: us('master'),
      natsUs: us('nats'),
      ...(pids.nodes === undefined ? {} : { nodesUs: us('nodes') }),
    };
  };
}

export const cpuNote = (what: string, { masterUs, natsUs, nodesUs }: CpuUsed): string =>
  `CPU ${what}: master ${Math.round(masterUs)} us, nats-server ${Math.round(natsUs)} us${nodesUs === undefined ? '' : `, nodes ${Math.round(nodesUs)} us`}`;
