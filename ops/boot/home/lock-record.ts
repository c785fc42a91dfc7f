import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createPrivateFile, unreadable } from './home.ts';

/*
 * Lock files: the process named in the newest of the records `<name>.<n>.json` holds the lock. When that process is gone, another
 * creates the record with the next number; of several that try at once, the file system lets one. The newest record is never
 * removed, so that no number is used twice.
 */

export interface NumberedRecord {
  /** -1 when there is no record. */
  readonly number: number;
  /** Its parsed JSON; `undefined` when there is no record, or a crash of the machine has truncated it. */
  readonly content: unknown;
}

export const recordFile = (folder: string, name: string, number: number): string =>
  join(folder, number === 0 ? `${name}.json` : `${name}.${number}.json`);

function numbersIn(folder: string, name: string): readonly number[] {
  try {
    const ours = new RegExp(`^${name}(?:\\.(\\d+))?\\.json$`);
    return readdirSync(folder)
      .map((file) => ours.exec(file))
      .flatMap((match) => (match === null ? [] : [Number(match[1] ?? 0)]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable('read the lock of this home', error);
  }
}

/** @throws StatusError Forbidden (the folder cannot be read) */
export function newestRecord(folder: string, name: string): NumberedRecord {
  for (;;) {
    const number = Math.max(-1, ...numbersIn(folder, name));
    if (number < 0) return { number, content: undefined };
    let text: string;
    try {
      text = readFileSync(recordFile(folder, name, number), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      continue; // replaced by a newer one
    }
    try {
      return { number, content: JSON.parse(text) as unknown };
    } catch {
      return { number, content: undefined };
    }
  }
}

/** Creates the record after `last`, and removes the older ones. @returns `false` when another process was faster */
export function followRecord(folder: string, name: string, last: number, content: unknown): boolean {
  const mine = recordFile(folder, name, last + 1);
  if (!createPrivateFile(mine, JSON.stringify(content))) return false;
  const numbers = numbersIn(folder, name);
  if (numbers.some((number) => number > last + 1)) {
    rmSync(mine, { force: true }); // other processes have used this number and later ones since this process read them
    return false;
  }
  for (const old of numbers) if (old <= last) rmSync(recordFile(folder, name, old), { force: true });
  return true;
}
