import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { type NatsConnection, headers as newHeaders } from 'nats';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ConfigMap, Event } from '../../contracts/kinds/kinds.ts';
import type { Client } from '../../ops/client/client.ts';
import { expectReplays, type SimulatedCluster, startSimulatedCluster } from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';
import { podRuns } from '../support/workloads.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: who may do what is the broker's business, on a cluster that runs; and what the broker cannot refuse, because the
 * server itself says it in somebody's stead, nobody believes.
 * Method: a master and a worker under the permissions that boot prints; plain NATS clients with a tenant's and an
 * operator's credentials try what they must not do, and do what they may.
 */
const BUCKET = 'troupe-objects';
const STREAM = `KV_${BUCKET}`;
const VALUE = 'the-value-of-a-secret-in-permissions';

let cluster: SimulatedCluster;
let alice: Client;
const open: NatsConnection[] = [];

beforeAll(async () => {
  cluster = await startSimulatedCluster({
    tenants: { alice: ['team-a'], bob: ['team-b'] },
    runtime: { otherImages: { present: true, run: {} } },
  });
  alice = await cluster.as('alice');
});
afterAll(async () => {
  for (const connection of open) await connection.close();
  await cluster?.stop();
});

async function connect(name: string): Promise<NatsConnection> {
  const connection = await cluster.connect(name);
  open.push(connection);
  return connection;
}

/** Resolves when the server has refused the act in its own words. */
async function refused(name: string, kind: 'publish' | 'subscription', act: (nc: NatsConnection) => void) {
  const connection = await connect(name);
  const words: string[] = [];
  void (async () => {
    for await (const status of connection.status())
      if (status.type === 'error') words.push(status.error.message.toLowerCase());
  })();
  act(connection);
  await connection.flush();
  await waitUntil(`the server refuses ${name} the ${kind}`, 5_000, () =>
    words.some((text) => text.includes('permissions violation') && text.includes(kind)),
  );
}

/** The history follows at a moment's distance. */
async function mirrored(connection: NatsConnection, subject: string): Promise<void> {
  const { streams } = await jetstreamManager(connection, { checkAPI: false });
  await waitUntil('the history has it', 10_000, async () => {
    return (await streams.getMessage('troupe-history', { last_by_subj: subject })) !== null;
  });
}

describe('a tenant', () => {
  it.each([
    ['of another namespace', 'troupe.api.alice.get.pods.team-b.web'],
    ['of all namespaces', 'troupe.api.alice.list.pods._._'],
    ['of what is in no namespace', 'troupe.api.alice.get.nodes._.n1'],
    ["with another's caller token", 'troupe.api.bob.get.pods.team-b.web'],
    ["with another's caller token in her own namespace", 'troupe.api.operator.delete.pods.team-a.web'],
    ['with an epoch, as a singleton', 'troupe.api.master.create.pods=2Fbinding.team-a.web'],
    ['in the bucket', `$KV.${BUCKET}.pods.team-a.web`],
    ['that takes a lease', '$KV.troupe-leases.scheduler'],
    ['to JetStream', `$JS.API.STREAM.INFO.${STREAM}`],
    ['to JetStream about the account', '$JS.API.INFO'],
    ['to JetStream for a consumer', `$JS.API.CONSUMER.CREATE.${STREAM}.x.$KV.${BUCKET}.>`],
    ['to JetStream for one message', `$JS.API.DIRECT.GET.troupe-history`],
    ['of a manifest outside her namespace', 'troupe.apply.alice.team-b'],
    ['of a manifest for all namespaces', 'troupe.apply.alice._'],
    ['of a manifest as another', 'troupe.apply.bob.team-a'],
    ["into another's inbox", '_INBOX.operator.abc'],
    ['to a node', 'troupe.node.n1.pods'],
    ["to a node's runtime", 'troupe.runtime.n1.list'],
    ['to the dispatcher', 'troupe.dispatch.n1'],
    ['of a heartbeat', 'troupe.heartbeat.n1'],
    ['to a journal', 'troupe.journal.scheduler.m1'],
    ['of a checkpoint', 'troupe.checkpoints.1.0'],
    ['of a change', 'troupe.changes.pods.team-a.web'],
    ["of a pod's output", 'troupe.logs.team-a.web.main'],
    ['to an actor', 'troupe.actor.scheduler.m1.status'],
    ['to every micro service', '$SRV.PING'],
    ['to the server', '$SYS.REQ.SERVER.PING'],
  ])('is refused a message %s', async (_what, subject) => {
    await refused('alice', 'publish', (nc) => nc.publish(subject, '{}'));
  });

  it.each([
    ["another's inbox", '_INBOX.operator.>'],
    ['all inboxes', '_INBOX.>'],
    ["another namespace's changes", 'troupe.changes.*.team-b.>'],
    ['changes of what is in no namespace', 'troupe.changes.nodes.>'],
    ['all changes', 'troupe.changes.>'],
    ["another namespace's output", 'troupe.logs.team-b.>'],
    ["another's outcomes", 'troupe.outcome.bob'],
    ['requests', 'troupe.api.>'],
    ['manifests', 'troupe.apply.>'],
    ['what nodes are told', 'troupe.node.>'],
    ['the journal', 'troupe.journal.>'],
    ['heartbeats', 'troupe.heartbeat.>'],
    ['the bucket', '$KV.>'],
    ['everything', '>'],
  ])('is refused hearing %s', async (_what, subject) => {
    await refused('alice', 'subscription', (nc) => {
      nc.subscribe(subject, { callback: () => undefined });
    });
  });

  it('does in her namespace what anybody does in a cluster of her own', async () => {
    const connection = alice.connection;
    const heard: string[] = [];
    connection.subscribe('troupe.changes.*.team-a.>', { callback: (_, { subject }) => void heard.push(subject) });
    await connection.flush();
    await alice.applyManifest('team-a', MANIFEST);
    expect((await alice.get<ConfigMap>('configmaps', { namespace: 'team-a', name: 'mine' })).data).toEqual({ a: 'b' });
    await podRuns(alice, 'web', 'team-a');
    const { items } = await alice.list('pods', { namespace: 'team-a' });
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(['web']);
    await alice.patch('configmaps', { namespace: 'team-a', name: 'mine' }, { data: { a: 'c' } });
    await waitUntil('she hears of it', 5_000, () => heard.includes('troupe.changes.configmaps.team-a.mine'));
    expect(heard.filter((subject) => subject.includes('team-b'))).toEqual([]);
    await alice.delete('pods', POD, { gracePeriodSeconds: 0 });
    await waitUntil('her pod is gone', 20_000, async () => {
      return (await alice.list('pods', { namespace: 'team-a' })).items.length === 0;
    });
  });

  it('is refused by the api-server what a manifest wants outside', async () => {
    const outside = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x, namespace: team-b }\n';
    const { items: documents } = await alice.applyManifest('team-a', outside);
    expect(documents.map(({ status }) => status?.reason)).toEqual(['Forbidden']);
    await expect(cluster.client.get('configmaps', { namespace: 'team-b', name: 'x' })).rejects.toThrow(/not found/);
  });

  it.each([
    {
      what: 'wants something outside',
      document: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: team-b}',
    },
    { what: 'names no such namespace', document: 'apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: nowhere}' },
    { what: 'is of a kind without namespace', document: 'apiVersion: v1\nkind: Namespace\nmetadata: {name: hers}' },
    { what: 'cannot be read', document: 'a: [' },
  ])(
    'finds in her namespace, and nobody in another, why a manifest failed that she just published: one that $what',
    async ({ document }) => {
      const failures = async (of: Client, namespace?: string) => {
        const { items } = await of.list<Event>('events', namespace === undefined ? {} : { namespace });
        return items.filter(({ reason }) => reason === 'ApplyFailed').map(({ metadata }) => metadata.uid);
      };
      const hers = await failures(alice, 'team-a');
      const all = await failures(cluster.client);
      alice.connection.publish('troupe.apply.alice.team-a', document);
      await waitUntil('she is told', 10_000, async () => (await failures(alice, 'team-a')).length > hers.length);
      expect((await failures(cluster.client)).length - all.length).toBe(1);
    },
  );
});

const POD = { namespace: 'team-a', name: 'web' };
const MANIFEST = `
apiVersion: v1
kind: ConfigMap
metadata: { name: mine }
data: { a: b }
---
apiVersion: v1
kind: Pod
metadata: { name: web }
spec: { terminationGracePeriodSeconds: 0, containers: [{ name: main, image: app }] }
`;

describe('an operator', () => {
  it('reads the bucket with get, watch, history and keys; of a Secret the ciphertext', async () => {
    const where = { namespace: 'team-b', name: 'read' };
    await cluster.client.create('configmaps', 'team-b', { metadata: { name: 'read' }, data: { n: '1' } });
    await cluster.client.patch('configmaps', where, { data: { n: '2' } });
    const secret = { metadata: { name: 'sealed' }, stringData: { word: VALUE } };
    await cluster.client.create('secrets', 'team-b', secret);

    const kv = await new Kvm(await connect('operator')).open(BUCKET);
    const key = 'configmaps.team-b.read';
    expect((await kv.get(key))?.json<ConfigMap>().data).toEqual({ n: '2' });
    const history: unknown[] = [];
    for await (const entry of await kv.history({ key })) history.push(entry.json<ConfigMap>().data);
    expect(history).toEqual([{ n: '1' }, { n: '2' }]);
    for await (const entry of await kv.watch({ key })) {
      expect(entry.json<ConfigMap>().data).toEqual({ n: '2' });
      break;
    }
    const keys: string[] = [];
    for await (const each of await kv.keys()) keys.push(each);
    expect(keys).toEqual(expect.arrayContaining([key, 'nodes._.n1', 'secrets.team-b.sealed']));

    const text = (await kv.get('secrets.team-b.sealed'))?.string() ?? '';
    expect(text).toContain('"sealed"');
    for (const word of [VALUE, Buffer.from(VALUE).toString('base64')]) expect(text).not.toContain(word);
  });

  it.each([
    ['a write to the bucket', `$KV.${BUCKET}.configmaps.team-a.x`],
    ['an Event in the bucket', '$KV.troupe-events.events.team-a.x'],
    ['a lease', '$KV.troupe-leases.scheduler'],
    ['the purge of a stream', `$JS.API.STREAM.PURGE.${STREAM}`],
    ['the end of a stream', `$JS.API.STREAM.DELETE.${STREAM}`],
    ['the end of the history', '$JS.API.STREAM.DELETE.troupe-history'],
    ['the end of a message', `$JS.API.STREAM.MSG.DELETE.${STREAM}`],
    ['other settings of a stream', `$JS.API.STREAM.UPDATE.${STREAM}`],
    ['a stream of its own', '$JS.API.STREAM.CREATE.mine'],
    ['a snapshot of a stream', `$JS.API.STREAM.SNAPSHOT.${STREAM}`],
    ['a stream from a snapshot', `$JS.API.STREAM.RESTORE.${STREAM}`],
    ['an acknowledgement', `$JS.ACK.${STREAM}.c.1.1.1.1.0`],
    ["another's caller token", 'troupe.api.master.get.pods.team-a.web'],
    ['a manifest as another', 'troupe.apply.alice.team-a'],
    ['what nodes are told', 'troupe.node.n1.pods'],
    ["the work of a node's runtime", 'troupe.runtime.n1.list'],
    ['a heartbeat', 'troupe.heartbeat.n1'],
    ['a journal', 'troupe.journal.scheduler.m1'],
    ['a checkpoint', 'troupe.checkpoints.1.0'],
    ['a change', 'troupe.changes.pods.team-a.web'],
    ["another's inbox", '_INBOX.alice.abc'],
  ])('is refused %s', async (_what, subject) => {
    await refused('operator', 'publish', (nc) => nc.publish(subject, '{}'));
  });

  it.each([
    ['requests, which carry secrets', 'troupe.api.>'],
    ['manifests', 'troupe.apply.>'],
    ['what nodes are told', 'troupe.node.>'],
    ["another's inbox", '_INBOX.alice.>'],
  ])('is refused hearing %s', async (_what, subject) => {
    await refused('operator', 'subscription', (nc) => {
      nc.subscribe(subject, { callback: () => undefined });
    });
  });

  it('finds its consumers refused to write into their own stream, and another stream no interest', async () => {
    const nc = await connect('operator');
    await cluster.client.create('configmaps', 'team-b', { metadata: { name: 'source' }, data: { k: 'v' } });
    const into = (name: string) => `$KV.${BUCKET}.configmaps.team-b.${name}`;
    const ask = async (stream: string, name: string, deliver: string) => {
      const config = { name, deliver_subject: deliver, filter_subject: into('source'), ack_policy: 'none' };
      const body = JSON.stringify({ stream_name: stream, config });
      const subject = `$JS.API.CONSUMER.CREATE.${stream}.${name}.${into('source')}`;
      const answer = await nc.request(subject, body, { timeout: 10_000 });
      return answer.json<{ error?: { description: string } }>().error?.description ?? 'created';
    };
    expect(await ask(STREAM, 'into-own', into('pushed'))).toBe('consumer deliver subject forms a cycle');
    // The history is a stream without subjects, so that no cycle is seen; but nobody listens there whom it would deliver to.
    expect(await ask('troupe-history', 'into-other', into('pushed'))).toBe('created');
    await cluster.client.patch('configmaps', { namespace: 'team-b', name: 'source' }, { data: { k: 'w' } });
    const manager = await jetstreamManager(nc, { checkAPI: false });
    await waitUntil('the consumer has something to deliver', 10_000, async () => {
      return (await manager.consumers.info('troupe-history', 'into-other')).num_pending === 2;
    });
    const found = await manager.streams.getMessage(STREAM, { last_by_subj: into('pushed') });
    expect(found).toBeNull();
    await manager.consumers.delete('troupe-history', 'into-other');
  });

  it('has the server say nothing that an actor believes', async () => {
    const nc = await connect('operator');
    const victim = { namespace: 'team-b', name: 'victim' };
    await cluster.client.create('configmaps', 'team-b', { metadata: { name: 'victim' }, data: { k: 'v' } });
    const source = `$KV.${BUCKET}.configmaps.team-b.victim`;
    const deletion = 'troupe.api.master.delete.configmaps.team-b.victim';
    const before = cluster.log.length;
    const ignored = (why: string, on: string): boolean =>
      cluster.log.slice(before).some((line) => line.includes(why) && line.includes(on));

    const consumer = async (name: string, filter: string, more: object) => {
      const config = { name, filter_subject: filter, ack_policy: 'none', ...more };
      const body = JSON.stringify({ stream_name: STREAM, config });
      await nc.request(`$JS.API.CONSUMER.CREATE.${STREAM}.${name}.${filter}`, body, { timeout: 10_000 });
    };
    // "There is no message" has no reply subject and an empty body: a deletion, if anybody took it for one.
    await consumer('empty', `${source}-not`, {});
    nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${STREAM}.empty`, '{"batch":1,"no_wait":true}', { reply: deletion });
    await waitUntil('a status is ignored', 10_000, () => ignored('status of a consumer', deletion));
    await consumer('telling', source, { deliver_subject: 'troupe.node.n1.pods' });
    await waitUntil('a delivery is ignored', 10_000, () => ignored('kubelet/n1', source));

    // Nobody looks at where a question wants its answer.
    const creation = 'troupe.api.master.create.configmaps.default._';
    const latest = JSON.stringify({ last_by_subj: source });
    await mirrored(nc, source);
    nc.publish('$JS.API.DIRECT.GET.troupe-history', latest, { reply: creation });
    await nc.flush();
    await waitUntil('a copy is ignored', 10_000, () => ignored('copy of a stored message', creation));
    const { items } = await cluster.client.list('configmaps', { namespace: 'default' });
    expect(items.map(({ metadata }) => metadata?.name)).not.toContain('victim');
    expect((await cluster.client.get<ConfigMap>('configmaps', victim)).data).toEqual({ k: 'v' });
    const manager = await jetstreamManager(nc, { checkAPI: false });
    for (const name of ['empty', 'telling']) await manager.consumers.delete(STREAM, name);
  });

  it('has the server store nothing that anybody takes for an object', async () => {
    const nc = await connect('operator');
    const manager = await jetstreamManager(nc, { checkAPI: false });
    await cluster.client.create('configmaps', 'team-b', { metadata: { name: 'original' }, data: { k: 'v' } });
    const into = (name: string) => `$KV.${BUCKET}.configmaps.team-b.${name}`;
    const latest = JSON.stringify({ last_by_subj: into('original') });
    await mirrored(nc, into('original'));
    nc.publish('$JS.API.INFO', '', { reply: into('answer') });
    nc.publish('$JS.API.DIRECT.GET.troupe-history', latest, { reply: into('copy') });
    nc.publish('$SRV.PING', '', { reply: into('service') });
    nc.publish('$SRV.INFO.scheduler', '', { reply: '$KV.troupe-leases.service' });
    await nc.flush();
    for (const name of ['answer', 'copy']) {
      await waitUntil(`the server has stored its ${name}`, 10_000, async () => {
        return (await manager.streams.getMessage(STREAM, { last_by_subj: into(name) })) !== null;
      });
      const where = { namespace: 'team-b', name };
      await expect(cluster.client.get('configmaps', where)).rejects.toThrow(/not found/);
      await cluster.client.create('configmaps', 'team-b', { metadata: { name }, data: { mine: 'yes' } });
      expect((await cluster.client.get<ConfigMap>('configmaps', where)).data).toEqual({ mine: 'yes' });
    }
    // Our own micro services answer to inboxes alone.
    await waitUntil('the question is ignored', 10_000, () =>
      cluster.log.some((line) => line.includes(`"${into('service')}" is no inbox`)),
    );
    expect(await manager.streams.getMessage(STREAM, { last_by_subj: into('service') })).toBeNull();
    expect(
      await manager.streams.getMessage('KV_troupe-leases', { last_by_subj: '$KV.troupe-leases.service' }),
    ).toBeNull();
  });
});

it('a request with the header of stored messages is answered 400', async () => {
  const headers = newHeaders();
  headers.set('Nats-Stream', 'KV_troupe-objects');
  const nc = await connect('alice');
  const answer = await nc.request('troupe.api.alice.list.pods.team-a._', '{}', { timeout: 10_000, headers });
  expect(answer.json()).toMatchObject({ code: 400, message: expect.stringContaining('send the request without it') });
});

describe("another's inbox", () => {
  const EVENT = { metadata: { name: 'forged' }, involvedObject: { kind: 'Pod', name: 'p' }, reason: 'Forged' };
  const HERS = 'get.configmaps.team-a.hers';
  const ITS = 'create.events.default._';
  it.each([
    { of: 'operator', who: 'alice', says: `api.alice.${HERS}`, own: HERS },
    { of: 'operator', who: 'alice', says: 'api.alice.watch.configmaps.team-a._', own: HERS },
    { of: 'bob', who: 'alice', says: 'api.alice.get.configmaps.team-a.too.many.tokens', own: HERS },
    { of: 'operator', who: 'alice', says: 'apply.alice.team-a', own: HERS },
    { of: 'master', who: 'node-n1', says: `api.node-n1.${ITS}`, own: ITS },
    { of: 'master', who: 'operator', says: `api.operator.${ITS}`, own: ITS },
  ])('is not written into by the api-server at the word of $who: $says', async ({ of, who, says, own }) => {
    const [victim, speaker] = [await connect(of), await connect(who)];
    const heard: string[] = [];
    const reply = `_INBOX.${of}.probe`;
    victim.subscribe(reply, { callback: (_, { data }) => void heard.push(Buffer.from(data).toString()) });
    await victim.flush();
    speaker.publish(`troupe.${says}`, JSON.stringify(EVENT), { reply });
    const later = await speaker.request(`troupe.api.${who}.${own}`, '{}', { timeout: 10_000 });
    expect(later.json()).toHaveProperty('kind');
    await victim.flush();
    expect(heard).toEqual([]);
    expect(cluster.log.join('\n')).toMatch(/ignored: its reply subject "_INBOX\..*\.probe" is no inbox of its caller/);
  });
});

it('what happened replays, and the actors are unharmed', async () => {
  const stats = await cluster.stats();
  expect(stats.filter(({ restarts, refused: full }) => restarts > 0 || full > 0)).toEqual([]);
  await expectReplays(cluster);
});
