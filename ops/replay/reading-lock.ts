import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { statusError } from '../../contracts/errors/status.ts';
import type { HomePaths } from '../boot/home.ts';
import { identify, isAlive, type ProcessId } from '../boot/processes.ts';

const AGAIN_MS = 100;

/**
 * Takes the store of a cluster that does not run for this process: two servers on one store would spoil it. Waits for
 * whoever reads it now.
 * @param waitMs at most so long
 * @returns gives it back
 * @throws StatusError Conflict when it is still being read then
 */
export async function takeReading(paths: HomePaths, waitMs: number): Promise<() => void> {
  const path = join(dirname(paths.lock), 'reading.json');
  mkdirSync(dirname(path), { recursive: true });
  const mine = JSON.stringify(identify(process.pid));
  for (let waited = 0; ; waited += AGAIN_MS) {
    try {
      writeFileSync(path, mine, { flag: 'wx', mode: 0o600 });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = holderOf(path);
    if (holder !== undefined && !isAlive(holder)) rmSync(path, { force: true });
    else if (waited >= waitMs)
      throw statusError(
        'Conflict',
        `open ${paths.home}: its recordings are being read by another process${holder === undefined ? '' : ` (pid ${holder.pid})`}; wait for it, or remove ${path}`,
      );
    else await delay(AGAIN_MS);
  }
}

/** undefined: it is being written, or was just given back. */
function holderOf(path: string): ProcessId | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessId;
  } catch {
    return undefined;
  }
}
