import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { waitUntil } from '../../test/support/wait-until.ts';
import { prepareHome } from './cluster.ts';
import { type HomePaths, homePaths } from './home.ts';
import { readUp, releaseLock, runningUp, takeLock, updateLock } from './lock.ts';
import { identify, isAlive } from './processes.ts';

let paths: HomePaths;
let sleeper: ChildProcess | undefined;
beforeEach(() => {
  paths = homePaths(mkdtempSync(join(tmpdir(), 'troupe-lock-')));
  prepareHome(paths);
});
afterEach(() => {
  sleeper?.kill('SIGKILL');
  rmSync(paths.home, { recursive: true, force: true });
});

it('is taken once', async () => {
  await takeLock(paths);
  await expect(takeLock(paths)).rejects.toThrow(/already runs .*troupe down/);
  releaseLock(paths);
  expect(readUp(paths)).toBeUndefined();
  await takeLock(paths);
});

it('remembers the children, and only for its owner', async () => {
  await takeLock(paths);
  updateLock(paths, { children: { master: identify(process.pid) }, ready: true });
  expect(runningUp(paths)).toMatchObject({ ready: true, children: { master: { pid: process.pid } } });
});

it('of a killed predecessor is taken over, and what it left running is ended', async () => {
  sleeper = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const left = identify(sleeper.pid ?? 0);
  const dead = { pid: process.pid, started: 'long ago' };
  writeFileSync(paths.lock, JSON.stringify({ up: dead, children: { worker: left }, ready: true }));
  await takeLock(paths);
  await waitUntil('the leftover is gone', 5_000, () => !isAlive(left));
  expect(runningUp(paths)?.up.pid).toBe(process.pid);
});

it('never ends a stranger who has got the number of a child', async () => {
  sleeper = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const stranger = { pid: sleeper.pid ?? 0, started: '1' };
  const dead = { pid: process.pid, started: 'long ago' };
  writeFileSync(paths.lock, JSON.stringify({ up: dead, children: { worker: stranger }, ready: true }));
  await takeLock(paths);
  expect(isAlive(identify(stranger.pid))).toBe(true);
});

it('lies in a home that only its owner may read', () => {
  for (const folder of [paths.home, paths.users, paths.run, paths.natsStore]) {
    expect(statSync(folder).mode & 0o777, folder).toBe(0o700);
  }
  expect(statSync(paths.clusterKey).mode & 0o777).toBe(0o600);
});
