import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import type { Cluster } from '../../ops/boot/home/cluster.ts';
import { homePaths } from '../../ops/boot/home/home.ts';
import { launcher } from '../../ops/boot/home/project-root.ts';
import { findNatsServer } from '../../ops/boot/nats/find-nats-server.ts';
import { removePods } from '../../ops/boot/roles/node-containers.ts';
import { containersOf } from '../support/workloads.ts';

/*
 * Goal: what `npm start` says of pods is true of the engine, also where the store remembers others.
 * Method: start, end, remove the containers, start again; at "Next" the engine is asked.
 */

const NEXT = 'Next, in another terminal';
const paths = homePaths(mkdtempSync(join(tmpdir(), 'troupe-start-again-')));
const env = { ...process.env, TROUPE_HOME: paths.home, TROUPE_NATS_SERVER: findNatsServer().path };
const nodeHere = (): string => (JSON.parse(readFileSync(paths.cluster, 'utf8')) as Cluster).node;

afterAll(async () => {
  await removePods(nodeHere());
  rmSync(paths.home, { recursive: true, force: true });
});

/** @returns what `look` gave as soon as the start had said all, and what it had said; it is ended then as by Ctrl-C */
async function startedUntilNext<T>(look: () => Promise<T>): Promise<{ readonly said: string; readonly seen: T }> {
  const firstRun = fileURLToPath(new URL('../../ops/bin/first-run.js', import.meta.url));
  const child = spawn(process.execPath, [firstRun, 'start'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  try {
    let said = '';
    for await (const text of child.stdout.setEncoding('utf8')) {
      said += text;
      if (said.includes(NEXT)) return { said, seen: await look() };
    }
    throw new Error(`npm start ended before it said "${NEXT}":\n${said}`);
  } finally {
    child.kill('SIGINT');
    await ended;
  }
}

const runningHere = async (): Promise<number> =>
  (await containersOf(nodeHere())).filter(({ state }) => state === 'running').length;

it('pods whose containers were removed meanwhile do not count until they run again', { timeout: 180_000 }, async () => {
  const first = await startedUntilNext(runningHere);
  expect(first.said).toContain('3 of 3 pods ready');
  expect(first.seen).toBe(6);
  await once(spawn(process.execPath, [launcher, 'down', '--pods'], { env, stdio: 'ignore' }), 'close');
  expect(await runningHere()).toBe(0);
  const again = await startedUntilNext(runningHere);
  expect(again.said).toContain('3 of 3 pods ready');
  expect(again.seen).toBe(6);
});
