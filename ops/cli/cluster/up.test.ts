import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { readCluster } from '../../boot/home/cluster.ts';
import { type HomePaths, homePaths } from '../../boot/home/home.ts';
import { endLeftovers, readUp, releaseLock, runningUp, takeLock } from '../../boot/home/home-lock.ts';
import { launcher } from '../../boot/home/project-root.ts';
import { choosePort } from '../../boot/nats/nats-process.ts';
import { endProcess, isAlive, type ProcessId } from '../../boot/supervision/processes.ts';

/*
 * Goal: however a `troupe up` is told to end, and whenever, it ends in order: no process of it is left.
 * Method: real processes in a home of their own, with signals, and with a pipe whose reader leaves.
 */

const WITHIN_MS = 60_000;
/** Longer than any wait, which says what was waited for. */
const TEST_MS = 2 * WITHIN_MS;
/** What has to be ended a little later only because processes are asked in turn, not because a start goes on. */
const AT_ONCE_MS = 8_000;
let paths: HomePaths;
const seen: ProcessId[] = [];

beforeEach(() => {
  paths = homePaths(mkdtempSync(join(tmpdir(), 'troupe-up-')));
});
afterEach(async () => {
  const up = runningUp(paths);
  if (up !== undefined) await endProcess(up.up, 1_000);
  await endLeftovers(paths);
  for (const id of seen.splice(0)) await endProcess(id, 0);
  rmSync(paths.home, { recursive: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly wrote: { text: string };
  readonly code: Promise<unknown>;
}

const troupe = (...args: readonly string[]): Running => troupeInto('pipe', args);

const SIMULATED = { TROUPE_RUNTIME: 'simulated' };

function troupeInto(stdout: 'pipe' | number, args: readonly string[], env: NodeJS.ProcessEnv = SIMULATED): Running {
  const child = spawn(process.execPath, [launcher, ...args], {
    env: { ...process.env, TROUPE_HOME: paths.home, ...env },
    stdio: ['ignore', stdout, 'pipe'],
  });
  const wrote = { text: '' };
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (wrote.text += data));
  return { child, wrote, code: once(child, 'exit').then(([code]: unknown[]) => code) };
}

const up = async (): Promise<Running> => troupe('up', '--port', String(await choosePort(0)));

/** Waits until it runs this child. @returns all that it runs */
const hasStarted = (name: string): Promise<Readonly<Record<string, ProcessId>>> =>
  waitUntil(`${name} was started`, WITHIN_MS, () => {
    const { children = {}, up: own } = runningUp(paths) ?? {};
    if (children[name] === undefined) return false;
    seen.push(...Object.values(children), ...(own === undefined ? [] : [own]));
    return children;
  });
/** Was this signal sent to a process that is stopped? */
function isPending(pid: number, signal: number): boolean {
  const pending = /^ShdPnd:\s*([\da-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
  return (BigInt(`0x${pending}`) & (1n << BigInt(signal - 1))) !== 0n;
}

async function isUp({ wrote }: Running): Promise<void> {
  await waitUntil('the cluster is up', WITHIN_MS, () => wrote.text.includes('cluster is up at'));
  await hasStarted('worker');
}

function expectNothingLeft(): void {
  expect(seen.filter(isAlive)).toEqual([]);
  expect(readUp(paths)).toBeUndefined(); // the home was given back
}

it.each([
  { while: 'nats-server', told: 'SIGTERM' },
  { while: 'master', told: 'SIGINT' },
  { while: 'worker', told: 'SIGHUP' },
] as const)(
  'a start that is told to end by $told while its $while starts breaks off at once',
  { timeout: TEST_MS },
  async ({ while: name, told }) => {
    const starting = await up();
    await hasStarted(name);
    const since = performance.now();
    starting.child.kill(told);
    expect(await starting.code).toBe(130);
    expect(performance.now() - since).toBeLessThan(AT_ONCE_MS);
    expect(starting.wrote.text).toContain('troupe up: the start was cancelled\n');
    expectNothingLeft();
  },
);

it('`down` breaks a start off', { timeout: TEST_MS }, async () => {
  const starting = await up();
  const pid = (await hasStarted('nats-server'))['nats-server']?.pid ?? Number.NaN;
  process.kill(pid, 'SIGSTOP'); // so that this start cannot come to its end
  const down = troupe('down');
  await waitUntil('nats-server is told to end', WITHIN_MS, () => isPending(pid, constants.signals.SIGTERM));
  process.kill(pid, 'SIGCONT');
  expect(await starting.code).toBe(130);
  expect(await down.code).toBe(0);
  expectNothingLeft();
});

it.each([
  { why: 'a terminal that is closed', signals: ['SIGHUP', 'SIGHUP'] },
  { why: 'a Ctrl-C that npm hands on once more', signals: ['SIGINT', 'SIGINT'] },
] as const)('$why ends a cluster in order', { timeout: TEST_MS }, async ({ signals }) => {
  const running = await up();
  await isUp(running);
  for (const name of signals) running.child.kill(name);
  expect(await running.code).toBe(0);
  expect(running.wrote.text).toContain('stopping the control plane; containers keep running\n');
  expectNothingLeft();
});

it('a start in the background says what it waits for, and breaks off with who waits for it', {
  timeout: TEST_MS,
}, async () => {
  await takeLock(paths, { as: 'reading' });
  const waiting = troupe('up', '--detach', '--port', String(await choosePort(0)));
  await waitUntil('it is said', WITHIN_MS, () =>
    waiting.wrote.text.includes(
      `waiting for process ${process.pid}, which is reading the recordings of ${paths.home}\n`,
    ),
  );
  releaseLock(paths);
  await hasStarted('nats-server');
  waiting.child.kill('SIGINT');
  expect(await waiting.code).toBe(130);
  expectNothingLeft();
});

it('a start in the background says where it is up, and in its own words why not', { timeout: TEST_MS }, async () => {
  const taken = createServer();
  await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening));
  const { port } = taken.address() as AddressInfo;
  // A node of its own: the engine may run containers of another that is called as this machine is.
  const detached = troupe('up', '--detach', '--port', String(port), '--node', `idle-${process.pid}`);
  expect(await detached.code).toBe(0);
  expect(detached.wrote.text).toMatch(
    new RegExp(
      `^port ${port} is not free; nats-server listens on (\\d+)\\ncluster is up at nats://127.0.0.1:\\1 .*\\n$`,
    ),
  );
  await hasStarted('worker');
  const runs = String(readCluster(paths)?.port);
  expect(await troupe('up', '--detach', '--port', runs).code).toBe(0);
  const again = troupe('up', '--detach', '--port', String(port));
  expect(await again.code).toBe(0);
  expect(again.wrote.text).toContain(`port ${port} is not free; nats-server listens on ${runs}\n`);
  const log = readFileSync(join(paths.logs, 'up.log'), 'utf8');
  expect(log).toMatch(new RegExp(`^\\S+Z port ${port} is not free; nats-server listens on \\d+$`, 'm'));
  taken.close();
  const other = troupe('up', '--detach', '--port', String(port));
  expect(await other.code).toBe(1);
  expect(other.wrote.text).toBe(
    `troupe up: troupe already runs from ${paths.home} with --port ${runs}, not ${port}; stop it with \`troupe down\` first, or leave out --port\n`,
  );
  const down = troupe('down');
  expect(await down.code).toBe(0);
  expect(down.wrote.text).toBe('the control plane has stopped\nno containers run\n');
  expectNothingLeft();
  const refused = troupe('up', '--detach', '--node', 'no such node');
  expect(await refused.code).toBe(2);
  expect(refused.wrote.text).toMatch(/^troupe up: [^\n]*no such node[^\n]*\n$/);
});

it('a start says why its node is not ready, once that is known', { timeout: TEST_MS }, async () => {
  const noEngine = { TROUPE_RUNTIME: 'docker', DOCKER_HOST: `unix://${join(paths.home, 'no.sock')}` };
  const node = `idle-${process.pid}`;
  const args = ['up', '--detach', '--port', String(await choosePort(0)), '--node', node];
  const detached = troupeInto('pipe', args, noEngine);
  const why = `warning: no node has joined; the worker of ${node} reports: [^\\n]*no container engine answers [^\\n]*no\\.sock[^\\n]*\\n`;
  expect(await detached.code).toBe(0);
  // A worker that takes longer than that to come is not waited for.
  expect(detached.wrote.text).toMatch(new RegExp(`^cluster is up at [^\\n]*\\n(${why})?$`));
  await hasStarted('worker');
  await waitUntil('who runs it says so', WITHIN_MS, () =>
    new RegExp(`^cluster is up at [^\\n]*\\n${why}$`).test(readFileSync(join(paths.logs, 'up.out'), 'utf8')),
  );
  expect(await troupe('down').code).toBe(0);
  expectNothingLeft();
});

it('two starts in the background at once are one, of which both tell, and the log is its own', {
  timeout: TEST_MS,
}, async () => {
  const port = String(await choosePort(0));
  const both = [troupe('up', '--detach', '--port', port), troupe('up', '--detach', '--port', port)];
  expect(await Promise.all(both.map(({ code }) => code))).toEqual([0, 0]);
  await hasStarted('worker');
  const url = `nats://127.0.0.1:${port}`;
  const told = both.map(({ wrote }) => wrote.text.replace(/^waiting for process \d+, which is starting [^\n]*\n/, ''));
  expect(told.toSorted()).toEqual([
    `cluster is up at ${url} (${paths.home}); "troupe down" stops it\n`,
    `cluster is up at ${url} already (${paths.home})\n`,
  ]);
  expect(readFileSync(join(paths.logs, 'up.out'), 'utf8')).toMatch(/^cluster is up at .*; Ctrl-C stops it\n$/);
  expect(readdirSync(paths.logs).filter((name) => /^up\.\d/.test(name))).toEqual([]);
});

it('who waits for the start of somebody else gives up without ending it, and starts her own when that one ends', {
  timeout: TEST_MS,
}, async () => {
  const first = troupe('up', '--port', String(await choosePort(0)));
  await hasStarted('nats-server');
  process.kill(first.child.pid ?? 0, 'SIGSTOP'); // on its way, for as long as is wished
  const [leaves, stays] = [troupe('up', '--detach'), troupe('up', '--detach')];
  const waits = `waiting for process ${first.child.pid}, which is starting the cluster of ${paths.home}\n`;
  await waitUntil('both wait', WITHIN_MS, () => leaves.wrote.text === waits && stays.wrote.text === waits);
  leaves.child.kill('SIGINT');
  expect(await leaves.code).toBe(130);
  expect(runningUp(paths)?.up.pid).toBe(first.child.pid);
  process.kill(first.child.pid ?? 0, 'SIGKILL');
  expect(await stays.code).toBe(0);
  expect(stays.wrote.text).toMatch(/^waiting for .*\ncluster is up at .*; "troupe down" stops it\n$/);
  expect(await troupe('down').code).toBe(0);
  expectNothingLeft();
});

it('`down` ends what runs, also when nothing is known of it but its processes', { timeout: TEST_MS }, async () => {
  const running = await up();
  await isUp(running);
  writeFileSync(paths.cluster, 'garbage');
  expect(await troupe('up', '--detach').code).toBe(1);
  rmSync(paths.cluster);
  const again = troupe('up', '--detach');
  expect(await again.code).toBe(1);
  expect(again.wrote.text).toBe(
    `troupe up: a cluster is up, but ${paths.cluster} is missing; stop it with "troupe down"\n`,
  );
  const down = troupe('down');
  expect(await down.code).toBe(1);
  expect(down.wrote.text).toMatch(/^the control plane has stopped\ntroupe down: .*cluster\.json is missing, [^\n]*\n$/);
  expect(await running.code).toBe(0);
  expectNothingLeft();
});

it('a reader that leaves ends a cluster in order, and that is no failure', { timeout: TEST_MS }, async () => {
  const starting = await up();
  await hasStarted('nats-server');
  starting.child.stdout?.destroy();
  await waitUntil('it has ended', WITHIN_MS, () => {
    seen.push(...Object.values(runningUp(paths)?.children ?? {})); // the worker too, unless it came and went between two looks
    return starting.child.exitCode !== null;
  });
  expect(await starting.code).toBe(0);
  expectNothingLeft();
});

it('a reader that has left does not keep a cluster from ending in order', { timeout: TEST_MS }, async () => {
  const running = await up();
  await isUp(running);
  running.child.stdout?.destroy();
  running.child.stderr?.destroy();
  running.child.kill('SIGTERM');
  expect(await running.code).toBe(0);
  expectNothingLeft();
});

const FULL = '/dev/full';
const LOST = 'troupe: write to standard output: ENOSPC: no space left on device, write; ';

it('a full disk under its output ends no cluster, and is told once', { timeout: TEST_MS }, async () => {
  const full = openSync(FULL, 'w');
  const running = troupeInto(full, ['up', '--port', String(await choosePort(0))]);
  closeSync(full);
  await waitUntil('the cluster is up', WITHIN_MS, () => runningUp(paths)?.ready === true);
  await hasStarted('worker');
  running.child.kill('SIGTERM');
  expect(await running.code).toBe(0);
  expect(running.wrote.text).toBe(`${LOST}messages are lost, the command continues\n`);
  expectNothingLeft();
});

it('a full disk is a failure of what was to be written there', async () => {
  const full = openSync(FULL, 'w');
  const version = troupeInto(full, ['version', '--client']);
  closeSync(full);
  expect(await version.code).toBe(1);
  expect(version.wrote.text).toBe(`${LOST}free some space, or write it elsewhere\n`);
});
