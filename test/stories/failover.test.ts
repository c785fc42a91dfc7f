import { Kvm } from '@nats-io/kv';
import { expect, it, vi } from 'vitest';
import { decode, encodeMsgpack, MSGPACK_TYPE } from '../../contracts/codec/codec.ts';
import type { Status } from '../../contracts/errors/status.ts';
import { HEADER } from '../../contracts/headers.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';
import { storeKey } from '../../contracts/store/keys.ts';
import { LEASE_TTL_MS } from '../../contracts/store/limits.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { singletonNames } from '../../ops/boot/roles/hosted-actors.ts';
import { Client } from '../../ops/client/client.ts';
import { PREFIX, type SimulatedCluster } from '../support/simulated-cluster.ts';
import { onCluster, STORY_MS } from '../support/story.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { waitUntil } from '../support/wait-until.ts';
import { deploymentManifest, nameOf, podRuns, settled } from '../support/workloads.ts';

vi.setConfig({ testTimeout: STORY_MS });

const WITHIN_MS = 20_000;
const NAMES = singletonNames.toSorted();

/** Which instance of each singleton acts, and under which epoch. */
async function acting(cluster: SimulatedCluster): Promise<readonly (readonly [string, string, number])[]> {
  const found = (await cluster.stats()).filter(({ actor }) => NAMES.includes(actor));
  return found
    .map(({ actor, instance, epoch = 0 }) => [actor, instance, epoch] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
const allActOn = (cluster: SimulatedCluster, instance: string, withinMs = WITHIN_MS) =>
  waitUntil(`${instance} acts for all`, withinMs, async () => {
    const found = await acting(cluster).catch(() => []); // somebody was found, and then froze
    return found.length === NAMES.length && found.every(([, on]) => on === instance) && found;
  });

/** What a singleton of that epoch would say: a binding. */
async function bindUnder(cluster: SimulatedCluster, epoch: number, pod: string, node: string): Promise<Status> {
  const connection = await cluster.connect('master');
  const client = new Client(connection, { caller: 'master', prefix: PREFIX, inboxPrefix: '_INBOX.master' });
  try {
    const target = { verb: 'create', resource: 'pods/binding', namespace: 'default', name: pod } as const;
    const subject = SUBJECTS.api.subject(PREFIX, { caller: 'master', ...target });
    const headers = client.headers(MSGPACK_TYPE);
    headers.set(HEADER.epoch, `scheduler:${epoch}`);
    const body = encodeMsgpack({ target: { kind: 'Node', name: node } });
    const { data } = await connection.request(subject, body, { headers, timeout: 5_000 });
    return decode(data, MSGPACK_TYPE) as Status;
  } finally {
    await connection.close();
  }
}

async function holderOf(cluster: SimulatedCluster, actor: string): Promise<string> {
  const bucket = await new Kvm(cluster.client.connection).open(bucketNames(PREFIX).objects);
  const entry = await bucket.get(storeKey('epochs', undefined, actor));
  return (entry?.json<{ holder: string }>() ?? { holder: '' }).holder;
}

/** Asks again when the question went to somebody who cannot answer. */
async function insistently(cluster: SimulatedCluster, pod: object, name: string): Promise<void> {
  await waitUntil(`${name} is created`, WITHIN_MS, async () => {
    try {
      await cluster.client.request('create', 'pods', { namespace: 'default' }, pod, { timeoutMs: 300 });
      return true;
    } catch (error) {
      const { reason } = error as { reason?: string };
      if (reason === 'AlreadyExists') return true;
      if (reason !== 'Timeout' && reason !== 'ServiceUnavailable') throw error;
      return false;
    }
  });
}
const podNamed = (name: string) => ({ metadata: { name }, spec: { containers: [{ name: 'main', image: 'app' }] } });

/*
 * Goal: whoever schedules, controls and dispatches may die; another master takes over under its own name, finishes what
 * was begun, and what the dead one still says is refused.
 * Method: the acting master's connection ends without a word in the middle of a rollout; then a binding is sent under the
 * epoch that it had.
 */
it.concurrent(
  'the acting master is killed in a rollout: another finishes it, and the old epoch is fenced off',
  onCluster({ nodes: ['n1', 'n2'], leaseTtlMs: 4_000 }, async (cluster) => {
    const { client } = cluster;
    const web = { name: 'web', replicas: 6, image: 'one', graceSeconds: 0 };
    await client.applyManifest('default', deploymentManifest(web));
    const first = await allActOn(cluster, 'm1');
    await settled(client, web);
    await cluster.startMaster('m2');
    expect(await allActOn(cluster, 'm1')).toEqual(first);

    const next = { ...web, image: 'two' };
    await client.applyManifest('default', deploymentManifest(next));
    await cluster.killMaster('m1');
    const second = await allActOn(cluster, 'm2');
    const pods = await settled(client, next);
    expect(new Set(pods.map(nameOf)).size).toBe(6);
    for (const [at, [actor, , epoch]] of second.entries()) {
      expect(epoch, actor).toBeGreaterThan(first[at]?.[2] ?? Number.NaN);
      expect(await holderOf(cluster, actor)).toBe('m2');
    }

    const epochOf = (all: typeof first) => all.find(([actor]) => actor === 'scheduler')?.[2] ?? 0;
    await client.create('pods', 'default', {
      ...podNamed('late'),
      spec: { ...podNamed('late').spec, schedulerName: 'none' },
    });
    const stale = await bindUnder(cluster, epochOf(first), 'late', 'n1');
    expect(stale).toMatchObject({ status: 'Failure', reason: 'Conflict', code: 409 });
    expect(stale.message).toMatch(/^stale epoch: scheduler \d+ was followed by \d+; this instance must stand by$/);
    expect(await bindUnder(cluster, epochOf(second), 'late', 'n1')).toMatchObject({ status: 'Success' });
    await podRuns(cluster.client, 'late');
  }),
);

/*
 * Goal: an orderly end gives the work away at once, not after a lease has run out.
 * Method: the lease of a real cluster, and less patience than it lasts.
 */
it.concurrent(
  'a master that is stopped hands over at once',
  onCluster({}, async (cluster) => {
    await allActOn(cluster, 'm1');
    await cluster.startMaster('m2');
    await cluster.stopMaster('m1');
    await allActOn(cluster, 'm2', LEASE_TTL_MS - 2_000);
    await cluster.client.create('pods', 'default', podNamed('after'));
    await podRuns(cluster.client, 'after');
  }),
);

/*
 * Goal: a master that hangs without its connection ending is replaced all the same, the broker soon stops giving it
 * questions, and when it goes on it stands by.
 * Method: nothing passes between it and the broker for a while.
 */
it.concurrent(
  'a master that freezes is replaced, and stands by when it thaws',
  onCluster({ leaseTtlMs: 4_000, brokerConfig: 'ping_interval: "1s"\nping_max: 2' }, async (cluster) => {
    const proxy = await startTcpProxy(cluster.server.port);
    try {
      await cluster.startMaster('m2', `nats://127.0.0.1:${proxy.port}`);
      await cluster.stopMaster('m1');
      const first = await allActOn(cluster, 'm2');
      await cluster.startMaster('m3');
      proxy.freeze();
      const second = await allActOn(cluster, 'm3');
      await insistently(cluster, podNamed('meanwhile'), 'meanwhile');
      for (const [at, [actor, , epoch]] of second.entries())
        expect(epoch, actor).toBeGreaterThan(first[at]?.[2] ?? Number.NaN);
      await podRuns(cluster.client, 'meanwhile');
      proxy.cut();
      await waitUntil('m2 serves again', WITHIN_MS, async () =>
        (await cluster.stats()).some(({ actor, instance }) => actor === 'api-server' && instance === 'm2'),
      );
      expect(await allActOn(cluster, 'm3')).toEqual(second);
      for (const name of NAMES) {
        const stoodBy = `m2: warning: ${name} on m2 lost its lease; standing by`;
        await waitUntil(stoodBy, WITHIN_MS, () => cluster.log.includes(stoodBy));
      }
      await cluster.client.create('pods', 'default', podNamed('after'));
      await podRuns(cluster.client, 'after');
    } finally {
      await cluster.stopMaster('m2');
      await proxy.close();
    }
  }),
);
