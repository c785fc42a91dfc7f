import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { identify, isAlive, type ProcessId } from '../supervision/processes.ts';
import { prepareHome } from './cluster.ts';
import { type HomePaths, homePaths } from './home.ts';
import { endLeftovers, readUp, releaseLock, runningUp, takeLock, updateLock } from './home-lock.ts';

let paths: HomePaths;
let sleeper: ChildProcess | undefined;
/** Ran once under this process's number, and is long gone. */
const dead = { pid: process.pid, started: 'long ago' };
const leave = (record: object): void =>
  writeFileSync(join(paths.run, 'up.json'), JSON.stringify({ children: {}, ready: true, ...record }));
function sleeping(): ProcessId {
  sleeper = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  return identify(sleeper.pid ?? 0);
}
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
  const left = sleeping();
  leave({ up: dead, children: { worker: left } });
  await takeLock(paths);
  expect(isAlive(left)).toBe(false);
  expect(runningUp(paths)).toMatchObject({ up: { pid: process.pid }, children: {} });
});

it('of a killed predecessor goes to one of those who try at once', async () => {
  const left = sleeping(); // all of them find something to end first
  leave({ up: dead, children: { worker: left } });
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => takeLock(paths)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(readdirSync(paths.run)).toEqual(['up.1.json']);
});

it('cut off by a crash of the machine holds nothing', async () => {
  writeFileSync(join(paths.run, 'up.4.json'), '{"up": {"pi');
  expect(readUp(paths)).toBeUndefined();
  await takeLock(paths);
  expect(readdirSync(paths.run)).toEqual(['up.5.json']);
});

it('never ends a stranger who has got the number of a child', async () => {
  const stranger = { ...sleeping(), started: '1' };
  leave({ up: dead, children: { worker: stranger } });
  await takeLock(paths);
  expect(isAlive(identify(stranger.pid))).toBe(true);
});

it('what a running holder has started is nothing left over', async () => {
  const child = sleeping();
  await takeLock(paths);
  updateLock(paths, { children: { worker: child } });
  expect(await endLeftovers(paths)).toBe(0);
  expect(isAlive(child)).toBe(true);
});

it.each(['up', 'reading'] as const)('who comes to hold it as %s waits for a reader, and says so', async (as) => {
  await takeLock(paths, { as: 'reading' });
  expect(runningUp(paths)).toBeUndefined();
  await expect(takeLock(paths, { as, waitMs: 0 })).rejects.toThrow(
    `another process (pid ${process.pid}) is reading its recordings; wait for it`,
  );
  const waitedFor: number[] = [];
  const taking = takeLock(paths, { as, onWait: ({ pid }) => void waitedFor.push(pid) });
  expect(waitedFor).toEqual([process.pid]);
  releaseLock(paths);
  await taking;
  expect(runningUp(paths) !== undefined).toBe(as === 'up');
});

it('who waits can be told to stop', async () => {
  await takeLock(paths, { as: 'reading' });
  const stop = new AbortController();
  const taking = takeLock(paths, { signal: stop.signal });
  stop.abort();
  await expect(taking).rejects.toThrow('is reading its recordings');
});

it('of a reader that was killed is taken over, and its server is ended', async () => {
  const left = sleeping();
  leave({ reading: dead, children: { 'nats-server': left }, ready: false });
  await takeLock(paths, { as: 'reading' });
  expect(isAlive(left)).toBe(false);
});

it('a reader is refused while a cluster runs', async () => {
  await takeLock(paths);
  await expect(takeLock(paths, { as: 'reading' })).rejects.toThrow(/already runs/);
});

it('lies in a home that only its owner may read', () => {
  for (const folder of [paths.home, paths.users, paths.run, paths.natsStore]) {
    expect(statSync(folder).mode & 0o777, folder).toBe(0o700);
  }
  expect(statSync(paths.clusterKey).mode & 0o777).toBe(0o600);
});
