import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Identifies a process; a later process with the same number has another start time. */
export interface ProcessId {
  readonly pid: number;
  /** Start time in the kernel's clock ticks; empty where there is no /proc. */
  readonly started: string;
}

/** Field 22 of /proc/<pid>/stat; the name in field 2 may hold spaces and brackets. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? '' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

export const identify = (pid: number): ProcessId => ({ pid, started: startTime(pid) });

/** Does this process still run? Zombies, and later processes with the same number, do not count. */
export function isAlive({ pid, started }: ProcessId): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return process.platform !== 'linux' || (started !== '' && startTime(pid) === started);
}

/** Sends a signal to the process, if it still runs. */
export function signal(id: ProcessId, name: NodeJS.Signals): void {
  if (!isAlive(id)) return;
  try {
    process.kill(id.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** @returns whether it was gone within `withinMs` */
export async function waitForEnd(id: ProcessId, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isAlive(id)) {
    if (performance.now() > deadline) return false;
    await pause(20);
  }
  return true;
}

/** Sends SIGTERM, and SIGKILL when the process has not ended after `graceMs`. */
export async function endProcess(id: ProcessId, graceMs: number): Promise<void> {
  signal(id, 'SIGTERM');
  if (await waitForEnd(id, graceMs)) return;
  signal(id, 'SIGKILL');
  await waitForEnd(id, 5_000);
}
