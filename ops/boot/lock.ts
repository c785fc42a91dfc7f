import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { statusError } from '../../contracts/errors/status.ts';
import { type HomePaths, writePrivateFile } from './home.ts';
import { endProcess, identify, isAlive, type ProcessId } from './processes.ts';

/** `run/up.json`: who runs this home's cluster, and which processes it started. */
export interface UpRecord {
  readonly up: ProcessId;
  readonly children: Readonly<Record<string, ProcessId>>;
  /** The api-server has answered. */
  readonly ready: boolean;
}

export function readUp(paths: HomePaths): UpRecord | undefined {
  if (!existsSync(paths.lock)) return undefined;
  try {
    return JSON.parse(readFileSync(paths.lock, 'utf8')) as UpRecord;
  } catch {
    return undefined; // cut off by a crash of the machine: nobody holds it
  }
}

/** The record of a `troupe up` that runs now. */
export function runningUp(paths: HomePaths): UpRecord | undefined {
  const record = readUp(paths);
  return record !== undefined && isAlive(record.up) ? record : undefined;
}

/** Ends what an `up` that was killed has left running. @returns how many processes that were */
export async function endLeftovers(paths: HomePaths): Promise<number> {
  const record = readUp(paths);
  if (record === undefined) return 0;
  const left = Object.values(record.children).filter(isAlive);
  await Promise.all(left.map((id) => endProcess(id, 10_000)));
  return left.length;
}

/**
 * Takes the home for this process; ends first what a killed predecessor has left.
 * @throws StatusError AlreadyExists when another `up` runs
 */
export async function takeLock(paths: HomePaths): Promise<void> {
  const mine: UpRecord = { up: identify(process.pid), children: {}, ready: false };
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(paths.lock, JSON.stringify(mine), { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const running = runningUp(paths);
    if (running !== undefined) break;
    await endLeftovers(paths);
    rmSync(paths.lock, { force: true });
  }
  const pid = runningUp(paths)?.up.pid;
  throw statusError(
    'AlreadyExists',
    `troupe already runs from ${paths.home}${pid === undefined ? '' : ` (pid ${pid})`}; see \`troupe status\`, or end it with \`troupe down\``,
  );
}

export function updateLock(paths: HomePaths, change: Partial<Omit<UpRecord, 'up'>>): void {
  const now = readUp(paths);
  if (now?.up.pid === process.pid) writePrivateFile(paths.lock, JSON.stringify({ ...now, ...change }));
}

export function releaseLock(paths: HomePaths): void {
  if (readUp(paths)?.up.pid === process.pid) rmSync(paths.lock, { force: true });
}
