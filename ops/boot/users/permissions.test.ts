import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calls, inbox } from '../../../actors/kernel/declare.ts';
import { bucketNames } from '../../../contracts/store/buckets.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { connectAs, startNatsServer, type TestNatsServer, type TestUser } from '../../../test/support/nats-server.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { authorizationBlock } from '../nats/nats-config.ts';
import { declaredActors } from '../roles/hosted-actors.ts';
import { maySubscribe } from '../roles/role-permissions.ts';
import type { Declared } from './declared-subjects.ts';
import { newSeed } from './nkeys.ts';
import { type Profile, planPermissions, withInboxes } from './plan-permissions.ts';

/* Goal: the broker itself refuses. Method: the printed configuration on a real server, and clients that are not ours. */

const apiServer: Declared = {
  name: 'api-server',
  hears: {
    api: calls(SUBJECTS.api, { queue: true, all: true }),
    apply: calls(SUBJECTS.apply, { queue: true, all: true }),
  },
  says: { stream: inbox() },
};
const profiles = {
  master: { kind: 'system', declared: [apiServer] },
  ann: { kind: 'operator' },
  bob: { kind: 'tenant', namespaces: ['team-a'] },
  eve: { kind: 'tenant', namespaces: ['team-b'] },
  'node-n1': { kind: 'node', declared: declaredActors.worker('n1') },
} satisfies Record<string, Profile>;
type Name = keyof typeof profiles;
const names = Object.keys(profiles) as Name[];
const keys = Object.fromEntries(names.map((name) => [name, newSeed()])) as Record<Name, ReturnType<typeof newSeed>>;
const buckets = bucketNames('troupe');

let server: TestNatsServer;
const open: Partial<Record<Name, NatsConnection>> = {};
const as = (name: Name): NatsConnection => open[name] as NatsConnection;

beforeAll(async () => {
  const users = withInboxes(
    names.map((name) => ({
      name,
      publicKey: keys[name].publicKey,
      permissions: planPermissions('troupe', name, profiles[name]),
    })),
  );
  server = await startNatsServer({ config: authorizationBlock(users) });
  for (const name of names) {
    const user: TestUser = { name, seed: keys[name].seed };
    open[name] = await connectAs(server, user);
  }
  const kv = await new Kvm(as('master')).create(buckets.objects, {
    history: 64,
    republish: { src: `$KV.${buckets.objects}.>`, dest: 'troupe.changes.>' },
  });
  await kv.put('pods.team-a.web', '{"a":1}');
  await kv.put('pods.team-a.web', '{"a":2}');
  as('master').subscribe('troupe.api.>', { callback: (_error, message) => void message.respond('answered') });
  await as('master').flush(); // the server knows of the subscription before anybody asks
});
afterAll(async () => {
  for (const nc of Object.values(open)) await nc.close();
  await server.stop();
});

/** Resolves when the server has refused the act, by its own words; rejects when it let it pass. */
async function refused(name: Name, kind: 'publish' | 'subscription', act: (nc: NatsConnection) => void): Promise<void> {
  const nc = await connectAs(server, { name, seed: keys[name].seed });
  const seen: string[] = [];
  void (async () => {
    for await (const status of nc.status()) if (status.type === 'error') seen.push(String(status.error.message));
  })();
  act(nc);
  await nc.flush();
  try {
    await waitUntil(`${name}'s ${kind} is refused`, 2_000, () =>
      seen.some((words) => words.toLowerCase().includes('permissions violation') && words.toLowerCase().includes(kind)),
    );
  } finally {
    await nc.close();
  }
}
const quietly = (nc: NatsConnection, subject: string): void => {
  nc.subscribe(subject, { callback: () => undefined });
};

describe('a tenant', () => {
  it('is answered within its namespace', async () => {
    const answer = await as('bob').request('troupe.api.bob.get.pods.team-a.web', '', { timeout: 2_000 });
    expect(answer.string()).toBe('answered');
  });

  it.each([
    ['another namespace', 'troupe.api.bob.get.pods.team-b.web'],
    ['all namespaces', 'troupe.api.bob.list.pods._._'],
    ["another's caller token", 'troupe.api.eve.get.pods.team-a.web'],
    ['a $KV write', '$KV.troupe-objects.pods.team-a.web'],
    ['$JS', '$JS.API.STREAM.INFO.KV_troupe-objects'],
    ['a consumer', '$JS.API.CONSUMER.CREATE.KV_troupe-objects.x.>'],
    ['troupe.apply outside its namespace', 'troupe.apply.bob.team-b'],
    ['troupe.apply of all namespaces', 'troupe.apply.bob._'],
    ["an answer into another's inbox", '_INBOX.eve.abc'],
    ["a node's subjects", 'troupe.node.n1.logs'],
    ['a change made up', 'troupe.changes.pods.team-a.web'],
  ])('is refused publishing to %s', async (_what, subject) => {
    await refused('bob', 'publish', (nc) => nc.publish(subject, '{}'));
  });

  it.each([
    ["another's inbox", '_INBOX.eve.>'],
    ['all inboxes', '_INBOX.>'],
    ["another namespace's changes", 'troupe.changes.*.team-b.>'],
    ['all changes', 'troupe.changes.>'],
    ["others' requests", 'troupe.api.>'],
    ['everything', '>'],
  ])('is refused subscribing to %s', async (_what, subject) => {
    await refused('bob', 'subscription', (nc) => quietly(nc, subject));
  });

  it('hears the changes of its namespace, which only the server itself can tell', async () => {
    const heard: string[] = [];
    const bob = as('bob');
    bob.subscribe('troupe.changes.*.team-a.>', { callback: (_error, { subject }) => void heard.push(subject) });
    await bob.flush();
    const kv = await new Kvm(as('master')).open(buckets.objects);
    await kv.put('pods.team-b.web', '{}');
    await kv.put('pods.team-a.other', '{}');
    await waitUntil('the change is heard', 2_000, () => heard.length > 0);
    expect(heard).toEqual(['troupe.changes.pods.team-a.other']);
    await refused('master', 'publish', (nc) => nc.publish('troupe.changes.pods.team-a.web', 'made up'));
  });
});

describe('a node', () => {
  it.each(['secrets', 'configmaps', 'pods', 'namespaces'])(
    'neither hears the changes of %s nor lists them',
    async (resource) => {
      await refused('node-n1', 'subscription', (nc) => quietly(nc, `troupe.changes.${resource}.>`));
      await refused('node-n1', 'publish', (nc) => nc.publish(`troupe.api.node-n1.list.${resource}._._`, '{}'));
    },
  );

  it('hears the changes of nodes, as its actors declare, and not those of every resource', async () => {
    expect(await maySubscribe(as('node-n1'), 'troupe.changes.nodes.*.*')).toBe(true);
    expect(await maySubscribe(as('node-n1'), 'troupe.changes.>')).toBe(false);
  });

  it.each([
    ['a change made up', 'troupe.changes.pods.team-a.forged'],
    ['an epoch made up', 'troupe.changes.epochs._.scheduler'],
    ['a write', '$KV.troupe-objects.pods.team-a.forged'],
    ["another's request", 'troupe.api.ann.get.secrets.team-a.top'],
  ])('cannot ask itself with %s as the reply subject, and answer there', async (_what, forged) => {
    const nc = await connectAs(server, { name: 'node-n1', seed: keys['node-n1'].seed });
    const refusals: string[] = [];
    void (async () => {
      for await (const status of nc.status()) if (status.type === 'error') refusals.push(String(status.error.message));
    })();
    try {
      const heard = new Promise<void>((done) => {
        nc.subscribe('troupe.runtime.n1.info', { callback: () => done() });
      });
      nc.publish('troupe.runtime.n1.info', '', { reply: forged });
      await heard;
      nc.publish(forged, '{}');
      await nc.flush();
      await waitUntil('it is refused', 2_000, () => refusals.some((words) => words.includes(forged)));
    } finally {
      await nc.close();
    }
  });
});

describe('an operator', () => {
  it('reads a bucket: get, watch, history, keys', async () => {
    const kv = await new Kvm(as('ann')).open(buckets.objects);
    expect((await kv.get('pods.team-a.web'))?.string()).toBe('{"a":2}');
    const history: string[] = [];
    for await (const entry of await kv.history({ key: 'pods.team-a.web' })) history.push(entry.string());
    expect(history).toEqual(['{"a":1}', '{"a":2}']);
    const keysFound: string[] = [];
    for await (const key of await kv.keys()) keysFound.push(key);
    expect(keysFound).toContain('pods.team-a.web');
    const watched = await kv.watch({ key: 'pods.team-a.web' });
    for await (const entry of watched) {
      expect(entry.key).toBe('pods.team-a.web');
      break;
    }
  });

  it.each([
    ['a bucket', '$KV.troupe-objects.pods.team-a.web'],
    ["a stream's purge", '$JS.API.STREAM.PURGE.KV_troupe-objects'],
    ["a stream's end", '$JS.API.STREAM.DELETE.KV_troupe-objects'],
    ["a message's end", '$JS.API.STREAM.MSG.DELETE.KV_troupe-objects'],
    ["a stream's settings", '$JS.API.STREAM.UPDATE.KV_troupe-objects'],
    ["another's caller token", 'troupe.api.master.get.pods.team-a.web'],
    ['a heartbeat made up', 'troupe.heartbeat.n1'],
  ])('is refused publishing to %s', async (_what, subject) => {
    await refused('ann', 'publish', (nc) => nc.publish(subject, '{}'));
  });

  it("is refused subscribing to others' requests, which may carry secrets", async () => {
    await refused('ann', 'subscription', (nc) => quietly(nc, 'troupe.api.>'));
  });
});

it('nobody connects without credentials', async () => {
  await expect(connectAs(server)).rejects.toThrow(/authorization/i);
  const stranger = newSeed();
  await expect(connectAs(server, { name: 'bob', seed: stranger.seed })).rejects.toThrow(/authorization/i);
});

it('the store is closed to purging and deletion even for the control plane', async () => {
  const manager = await jetstreamManager(as('master'));
  await expect(manager.streams.purge('KV_troupe-objects')).rejects.toThrow(/permissions violation/i);
  await expect(manager.streams.delete('KV_troupe-objects')).rejects.toThrow(/permissions violation/i);
});
