import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createPrivateFile, unreadable } from './home.ts';

/*
 * Who may do something alone has the newest of the records `<name>.<n>.json`. Who finds its holder gone makes the record of
 * the next number: of several who try at once, the file system lets one. The newest record is never removed, so that no
 * number is taken twice.
 */

export interface NumberedRecord {
  /** -1: there is none. */
  readonly number: number;
  /** Its JSON; `undefined`: there is none, or a crash of the machine has cut it off. */
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
    throw unreadable('look who uses this home', error);
  }
}

/** @throws StatusError Forbidden (somebody else's folder) */
export function newestRecord(folder: string, name: string): NumberedRecord {
  for (;;) {
    const number = Math.max(-1, ...numbersIn(folder, name));
    if (number < 0) return { number, content: undefined };
    let text: string;
    try {
      text = readFileSync(recordFile(folder, name, number), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      continue; // a newer one has come
    }
    try {
      return { number, content: JSON.parse(text) as unknown };
    } catch {
      return { number, content: undefined };
    }
  }
}

/** Makes the record that follows the `last`, and removes those before it. @returns whether nobody was faster */
export function followRecord(folder: string, name: string, last: number, content: unknown): boolean {
  const mine = recordFile(folder, name, last + 1);
  if (!createPrivateFile(mine, JSON.stringify(content))) return false;
  const numbers = numbersIn(folder, name);
  if (numbers.some((number) => number > last + 1)) {
    rmSync(mine, { force: true }); // others had this number, and are further, since this process looked
    return false;
  }
  for (const old of numbers) if (old <= last) rmSync(recordFile(folder, name, old), { force: true });
  return true;
}
