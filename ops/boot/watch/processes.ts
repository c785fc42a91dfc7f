import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** A process that can be told from a later one with the same number. */
export interface ProcessId {
  readonly pid: number;
  /** Start time in the kernel's own count; empty where there is no /proc. */
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

/** Is it still that very process, and no zombie? */
export function isAlive({ pid, started }: ProcessId): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return process.platform !== 'linux' || (started !== '' && startTime(pid) === started);
}

/** Sends a signal to that very process; gone is fine. */
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

/** SIGTERM, and SIGKILL for what is not gone in time. */
export async function endProcess(id: ProcessId, graceMs: number): Promise<void> {
  signal(id, 'SIGTERM');
  if (await waitForEnd(id, graceMs)) return;
  signal(id, 'SIGKILL');
  await waitForEnd(id, 5_000);
}
