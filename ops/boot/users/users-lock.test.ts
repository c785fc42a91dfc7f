import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type HomePaths, homePaths } from '../home/home.ts';
import { followRecord } from '../home/lock-record.ts';
import { identify } from '../supervision/processes.ts';
import { withUsersLock } from './users-lock.ts';

let paths: HomePaths;
beforeEach(() => {
  paths = homePaths(mkdtempSync(join(tmpdir(), 'troupe-turn-')));
  mkdirSync(paths.run);
});
afterEach(() => rmSync(paths.home, { recursive: true, force: true }));
const leave = (holder: object): void => writeFileSync(join(paths.run, 'users.json'), JSON.stringify({ holder }));

it('is one at a time, and given back also when the work fails', async () => {
  const order: string[] = [];
  const turns: Promise<unknown>[] = [];
  await expect(
    withUsersLock(paths, () => {
      turns.push(withUsersLock(paths, () => order.push('second')));
      order.push('first');
      throw new Error('no room');
    }),
  ).rejects.toThrow('no room');
  await Promise.all(turns);
  expect(order).toEqual(['first', 'second']);
  expect(readdirSync(paths.run)).toEqual(['users.1.json']);
});

it('of a process that was killed goes to the next', async () => {
  leave({ pid: process.pid, started: 'long ago' });
  expect(await withUsersLock(paths, () => 'mine')).toBe('mine');
});

it('is not waited for beyond measure', async () => {
  leave(identify(process.pid));
  await expect(withUsersLock(paths, () => 'mine', 0)).rejects.toThrow(
    `pid ${process.pid}) has been changing them for 0 ms; wait`,
  );
});

it('a number that others have had meanwhile is not taken again', () => {
  writeFileSync(join(paths.run, 'users.7.json'), '{}');
  expect(followRecord(paths.run, 'users', 4, {})).toBe(false);
  expect(readdirSync(paths.run)).toEqual(['users.7.json']);
  expect(followRecord(paths.run, 'users', 7, {})).toBe(true);
  expect(readdirSync(paths.run)).toEqual(['users.8.json']);
});
