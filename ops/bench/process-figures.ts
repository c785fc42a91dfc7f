import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc; 100 on every Linux that Debian builds. */
const TICKS = (): number => Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

let ticksPerSecond: number | undefined;

/** What a process has used: resident bytes now, CPU seconds since its start. Linux only. */
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

/** What the processes of a control plane spend on a stretch of work: unlike a rate, hardly moved by what else the machine does. */
export function cpuMeter(pids: { readonly master: number; readonly nats: number }) {
  const now = () => ({ master: processFigures(pids.master).cpuSeconds, nats: processFigures(pids.nats).cpuSeconds });
  const before = now();
  /** @returns microseconds of CPU for each of `count` operations since the meter was made */
  return (count: number): { readonly masterUs: number; readonly natsUs: number } => {
    const after = now();
    return {
      masterUs: ((after.master - before.master) * 1e6) / count,
      natsUs: ((after.nats - before.nats) * 1e6) / count,
    };
  };
}

export const cpuNote = (what: string, used: { readonly masterUs: number; readonly natsUs: number }): string =>
  `CPU ${what}: master ${Math.round(used.masterUs)} us, nats-server ${Math.round(used.natsUs)} us`;
