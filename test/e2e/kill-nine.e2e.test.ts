import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { ConfigMap } from '../../contracts/kinds/kinds.ts';
import { launcher } from '../../ops/boot/home/project-root.ts';
import { checkHome } from '../../ops/replay/play/check-home.ts';
import type { RecordingSummary } from '../../ops/replay/read/plan-recordings.ts';
import { CLUSTER_MS, type ProcessCluster, startProcessCluster } from '../support/cluster.ts';
import { docker, TEST_IMAGE_2, testImage } from '../support/docker.ts';
import { type EngineLog, followEngine } from '../support/engine-log.ts';
import { NO_SOCKETS } from '../support/no-sockets.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  containerIdOf,
  containersOf,
  deploymentManifest,
  NAMESPACE,
  SETTLE_WITHIN_MS,
  settled,
  uidOf,
} from '../support/workloads.ts';

vi.setConfig({ hookTimeout: CLUSTER_MS });

/*
 * Goal: any process may die at any moment of a rollout: it converges, does nothing twice, loses nothing, touches nothing
 * else; and the recordings of all of it play back the same.
 * Method: kill -9 of worker, master and nats-server in turn, each as soon as the one before has brought the rollout
 * forward, under a client that creates objects all the time and notes what was acknowledged.
 */

const STORY_MS = 240_000;
const WITH_A_MASTER = [
  'api-server',
  'scheduler',
  'dispatcher',
  'deployment',
  'replica-set',
  'namespace',
  'garbage-collector',
  'node-lifecycle',
  'pod-garbage-collector',
];
const BYSTANDER = { name: 'still', replicas: 2 };
const OLD = { name: 'web', replicas: 4, graceSeconds: 5 };
const NEW = { ...OLD, image: TEST_IMAGE_2 };
let cluster: ProcessCluster;
let engine: EngineLog;

beforeAll(async () => {
  await testImage();
  cluster = await startProcessCluster('kill9');
  engine = await followEngine(cluster.node);
});
afterAll(async () => {
  engine?.stop();
  await cluster?.remove();
});

/** Creates one ConfigMap after the other until told to stop. @returns the names that were acknowledged, and all tried */
function createAllTheTime() {
  const acknowledged: string[] = [];
  const tried: string[] = [];
  let stopped = false;
  const work = (async () => {
    while (!stopped) {
      const name = `note-${tried.length}`;
      tried.push(name);
      try {
        await cluster.client.request(
          'create',
          'configmaps',
          { namespace: NAMESPACE },
          { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { name } },
          { timeoutMs: 1_000 },
        );
        acknowledged.push(name);
      } catch {
        // Not acknowledged: it may be there or not. A closed connection refuses at once, for ever.
        if (cluster.client.connection.isClosed()) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  })();
  return {
    acknowledged,
    async stop() {
      stopped = true;
      await work;
      return { acknowledged, tried };
    },
  };
}

interface Played {
  readonly turns: number;
  readonly skipped: number;
  readonly divergence?: object;
}

/** Takes the recordings elsewhere as one file, and plays them in a process that may open no socket. */
async function playOffline(): Promise<readonly Played[]> {
  const file = join(cluster.paths.home, 'all.troupe');
  const guard = join(cluster.paths.home, 'no-sockets.mjs');
  await cluster.troupe('record', 'export', '-o', file);
  writeFileSync(guard, NO_SOCKETS);
  const args = ['--import', guard, launcher, 'replay', file, '--key', cluster.paths.clusterKey, '-o', 'json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as readonly Played[];
}

it('survives kill -9 of every process during a rollout, and plays back the same', { timeout: STORY_MS }, async () => {
  const { client, node } = cluster;
  await cluster.apply(deploymentManifest(BYSTANDER));
  await cluster.apply(deploymentManifest(OLD));
  const still = (await settled(client, BYSTANDER)).map(uidOf);
  const old = (await settled(client, OLD)).map(uidOf);
  const stillBefore = (await containersOf(node)).filter(({ podUid }) => still.includes(podUid));
  const startedOf = async (ids: readonly string[]) =>
    Promise.all(ids.map(async (id) => (await docker.getContainer(id).inspect()).State.StartedAt));
  const startedBefore = await startedOf(stillBefore.map(({ id }) => id));

  const notes = createAllTheTime();
  const begin = engine.events.length;
  /** How many containers of the new pods the engine has begun to make. */
  const made = (): number =>
    new Set(
      engine.events
        .slice(begin)
        .filter(({ action }) => action === 'create')
        .map(({ podUid, container }) => `${podUid} ${container}`),
    ).size;
  await cluster.apply(deploymentManifest(NEW));
  for (const victim of ['worker', 'master', 'nats-server'] as const) {
    const seen = made();
    await waitUntil(`the rollout goes on, then ${victim} dies`, SETTLE_WITHIN_MS, () => made() > seen);
    await cluster.kill9(victim);
  }
  const pods = await settled(client, NEW);
  await settled(client, BYSTANDER);
  const { acknowledged, tried } = await notes.stop();

  // Nothing is left of the old pods, and nothing was made or started twice.
  const wanted = [...pods.map(uidOf), ...still].flatMap((uid) => [`${uid} main`, `${uid} sandbox`]).sort();
  // A start that the worker's death broke off leaves a dead container, kept for its logs as in Kubernetes; another attempt runs.
  await waitUntil(
    'the engine runs what is wanted and no more, and holds nothing of others',
    SETTLE_WITHIN_MS,
    async () => {
      const held = await containersOf(node);
      const named = ({ podUid, container }: (typeof held)[number]) => `${podUid} ${container}`;
      const running = held.filter(({ state }) => state === 'running').map(named);
      return running.sort().join() === wanted.join() && held.map(named).every((name) => wanted.includes(name));
    },
  );
  expect(pods.map(uidOf).filter((uid) => old.includes(uid))).toEqual([]);
  expect(engine.twice('create')).toEqual([]);
  expect(engine.twice('start')).toEqual([]);
  const dead = (await containersOf(node)).filter(({ state }) => state !== 'running');
  const brokenOff = pods.map((pod) => dead.filter(({ podUid }) => podUid === uidOf(pod)).length);
  expect(pods.map((pod) => pod.status?.containerStatuses?.[0]?.restartCount)).toEqual(brokenOff);
  const running = (await containersOf(node)).filter(({ state }) => state === 'running').map(({ id }) => id);
  expect(running).toEqual(expect.arrayContaining(pods.map(containerIdOf)));

  // What was no part of the change runs as it ran.
  expect((await containersOf(node)).filter(({ podUid }) => still.includes(podUid))).toEqual(stillBefore);
  expect(await startedOf(stillBefore.map(({ id }) => id))).toEqual(startedBefore);
  expect(engine.events.slice(begin).filter(({ podUid }) => still.includes(podUid))).toEqual([]);

  // What was acknowledged is there, and nothing that was never asked for.
  const { items } = await client.list<ConfigMap>('configmaps', { namespace: NAMESPACE });
  const stored = items.map(({ metadata }) => metadata?.name ?? '').filter((name) => name.startsWith('note-'));
  expect(acknowledged.length).toBeGreaterThan(100);
  expect(acknowledged.filter((name) => !stored.includes(name))).toEqual([]);
  expect(stored.filter((name) => !tried.includes(name))).toEqual([]);

  // Every actor's recording plays back the same; those that were killed, up to their last whole turn.
  await cluster.down();
  const checked = await checkHome(cluster.paths.home);
  expect(checked.filter(({ divergence, problem }) => divergence !== undefined || problem !== undefined)).toEqual([]);
  expect(checked.filter(({ turns, skipped, dropped }) => turns === 0 || skipped > 0 || dropped > 0)).toEqual([]);
  const lives = (name: string): number => checked.filter(({ actor }) => actor === name).length;
  for (const name of [...WITH_A_MASTER, 'kubelet']) expect([name, lives(name)]).toEqual([name, 2]);

  const listed = JSON.parse(await cluster.troupe('record', 'ls', '-o', 'json')) as readonly RecordingSummary[];
  expect(listed.filter(({ driver }) => !driver)).toHaveLength(checked.length);
  expect(listed.filter(({ gaps }) => gaps.length > 0)).toEqual([]);
  const played = await playOffline();
  expect(played.length).toBe(checked.length);
  expect(played.filter(({ divergence, skipped }) => divergence !== undefined || skipped > 0)).toEqual([]);
});
