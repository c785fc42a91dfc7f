import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigMap, Event, KubeObject, Namespace } from '../../contracts/kinds/kinds.ts';
import type { ApplyResult } from '../../contracts/messages/api.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';
import { inboxPrefix } from '../../contracts/subjects/inbox.ts';
import { Client } from '../../ops/client/client.ts';
import { watchObjects } from '../../ops/client/watch.ts';
import { connectAs, startNatsServer, type TestNatsServer } from '../../test/support/nats-server.ts';
import { startTcpProxy } from '../../test/support/tcp-proxy.ts';
import { testHost } from '../../test/support/test-host.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { NatsCache } from '../kernel/nats/nats-cache.ts';
import type { Host, Running } from '../kernel/nats/nats-host.ts';
import { Cache } from '../kernel/view/cache.ts';
import { ensureAssets } from '../store/ensure-assets.ts';
import { storeDriver } from '../store/store-driver.ts';
import { apiServer } from './api-server.ts';
import { bootstrapObjects } from './bootstrap/bootstrap-objects.ts';

/**
 * Goal: two api-servers of one cluster are one to their clients.
 * Method: a real nats-server, two hosts with a store driver and an api-server each, our client library.
 */
interface Master {
  readonly connection: NatsConnection;
  readonly host: Host;
  readonly feed: NatsCache;
  readonly api: Running;
}
let server: TestNatsServer;
let masters: Master[] = [];
let connection: NatsConnection;
let client: Client;
const log: string[] = [];

async function master(instance: string, connected?: NatsConnection): Promise<Master> {
  const own = connected ?? (await connectAs(server));
  const cache = new Cache();
  let host: Host | undefined;
  const feed = await NatsCache.open({
    connection: own,
    bucket: bucketNames('troupe').objects,
    cache,
    onChanges: (changes) => {
      for (const change of changes) host?.changed(change);
    },
  });
  host = testHost({ connection: own, instance, cache, freeze: true, log: (line) => log.push(line) });
  await host.startDriver(storeDriver({ connection: own, prefix: 'troupe', cache: feed }));
  const api = await host.start(
    apiServer({ instance, limits: { bookmarkEveryMs: 200 }, authorization: 'AlwaysAllow' }),
    instance,
  );
  return { connection: own, host, feed, api };
}

beforeAll(async () => {
  server = await startNatsServer();
  connection = await connectAs(server, { name: 'alice' });
  await ensureAssets({ connection, prefix: 'troupe' });
  masters = [await master('one'), await master('two')];
  client = new Client(connection, {
    caller: 'alice',
    prefix: 'troupe',
    inboxPrefix: inboxPrefix('alice'),
  });
  for (const object of bootstrapObjects()) await client.create('namespaces', undefined, object);
});
afterAll(async () => {
  for (const { host, feed, connection: own } of masters) {
    await host.stop();
    feed.close();
    await own.close();
  }
  await connection.close();
  await server.stop();
});

const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({ metadata: { name }, data });
const reasonOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'no error',
    (error: { reason?: string }) => error.reason ?? '',
  );

it('whoever answers, a reader finds what was written before', async () => {
  for (let at = 0; at < 100; at++) {
    const made = await client.create<ConfigMap>('configmaps', 'default', configMap(`rw-${at}`));
    expect(await client.get('configmaps', { namespace: 'default', name: `rw-${at}` })).toEqual(made);
    await client.patch('configmaps', { namespace: 'default', name: `rw-${at}` }, { data: { at: String(at) } });
    const list = await client.list<ConfigMap>(
      'configmaps',
      { namespace: 'default' },
      { fieldSelector: `metadata.name=rw-${at}` },
    );
    expect(list.items[0]?.data).toEqual({ at: String(at) });
    await client.delete('configmaps', { namespace: 'default', name: `rw-${at}` });
    expect(await reasonOf(client.get('configmaps', { namespace: 'default', name: `rw-${at}` }))).toBe('NotFound');
  }
});

it('writers that race lose nothing: every increment is there', async () => {
  await client.create('configmaps', 'default', configMap('race', {}));
  const keys = Array.from({ length: 40 }, (_, at) => `k${at}`);
  const add = async (key: string): Promise<void> => {
    for (;;) {
      const reason = await reasonOf(
        client.patch('configmaps', { namespace: 'default', name: 'race' }, { data: { [key]: 'x' } }),
      );
      if (reason === 'no error') return;
      expect(reason).toBe('Conflict');
    }
  };
  await Promise.all(keys.map(add));
  const raced = await client.get<ConfigMap>('configmaps', { namespace: 'default', name: 'race' });
  expect(Object.keys(raced.data ?? {}).sort()).toEqual(keys.sort());
});

it('one of many creates wins', async () => {
  const reasons = await Promise.all(
    Array.from({ length: 20 }, () => reasonOf(client.create('configmaps', 'default', configMap('one')))),
  );
  expect(reasons.sort()).toEqual([...Array<string>(19).fill('AlreadyExists'), 'no error']);
});

it('an object may come again after it was deleted, in a namespace that may too', async () => {
  for (let round = 0; round < 3; round++) {
    await client.create('namespaces', undefined, { metadata: { name: 'again' } });
    await client.create('configmaps', 'again', configMap('c'));
    await client.delete('configmaps', { namespace: 'again', name: 'c' });
    const dying = await client.delete<Namespace>('namespaces', { name: 'again' });
    // An api-server learns of it within its watch's lag, as in Kubernetes.
    let late = 0;
    await waitUntil('nothing is created there any more', 5_000, async () => {
      const reason = await reasonOf(client.create('configmaps', 'again', configMap(`late-${round}-${late++}`)));
      return reason === 'Forbidden';
    });
    await client.request('update', 'namespaces/finalize', { name: 'again' }, { ...dying, spec: { finalizers: [] } });
    expect(await reasonOf(client.get('namespaces', { name: 'again' }))).toBe('NotFound');
  }
});

describe('watches', () => {
  it('tell every change of every api-server, once and in order', async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      const options = { labelSelector: 'w=x', signal: stop.signal };
      for await (const event of watchObjects<ConfigMap>(client, 'configmaps', { namespace: 'default' }, options)) {
        seen.push(`${event.type} ${event.object.data?.['n']}`);
      }
    })();
    const wanted: string[] = [];
    await client.create('configmaps', 'default', { metadata: { name: 'w', labels: { w: 'x' } }, data: { n: '0' } });
    for (let n = 1; n < 60; n++)
      await client.patch('configmaps', { namespace: 'default', name: 'w' }, { data: { n: String(n) } });
    await client.delete('configmaps', { namespace: 'default', name: 'w' });
    await waitUntil('the deletion was told', 10_000, () => seen.at(-1)?.startsWith('DELETED') === true);
    for (let n = 0; n < 60; n++) wanted.push(`${n === 0 ? 'ADDED' : 'MODIFIED'} ${n}`);
    const began = wanted.findIndex((line) => line.endsWith(` ${seen[0]?.split(' ')[1]}`)); // the first may come as ADDED later
    expect(seen.slice(1, -1)).toEqual(wanted.slice(began + 1));
    stop.abort();
    await watching;
  });

  it('of events come from their own bucket', async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const event of watchObjects(client, 'events', { namespace: 'default' }, { signal: stop.signal })) {
        seen.push(`${event.type} ${event.object.metadata?.name}`);
      }
    })();
    const event = (name: string) => ({
      metadata: { name },
      involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' },
      reason: 'R',
      message: 'm',
      type: 'Normal',
    });
    await client.create('events', 'default', event('e1'));
    await waitUntil('the event was told', 10_000, () => seen.includes('ADDED e1'));
    await client.patch('events', { namespace: 'default', name: 'e1' }, { count: 2 });
    await client.delete('events', { namespace: 'default', name: 'e1' });
    await waitUntil('its end was told', 10_000, () => seen.includes('DELETED e1'));
    expect(await client.list('events', { namespace: 'default' })).toMatchObject({ items: [] });
    stop.abort();
    await watching;
  });

  it('of events goes on with what was told while its api-server was cut off', async () => {
    const apart = await startNatsServer();
    const proxy = await startTcpProxy(apart.port);
    const reader = await connectAs(apart, { name: 'alice' });
    await ensureAssets({ connection: reader, prefix: 'troupe' });
    const url = `nats://127.0.0.1:${proxy.port}`;
    const through = await connectAs({ url }, undefined, { maxReconnectAttempts: -1, reconnectTimeWait: 20 });
    const lone = await master('lone', through);
    const alice = new Client(reader, { caller: 'alice', prefix: 'troupe', inboxPrefix: inboxPrefix('alice') });
    const stop = new AbortController();
    const seen: string[] = [];
    const put = (name: string) => {
      const object = { metadata: { name, namespace: 'default' }, message: 'm' };
      const stored = { apiVersion: 'v1', kind: 'Event', ...object, involvedObject: { namespace: 'default' } };
      return jetstream(reader).publish(`$KV.troupe-events.events.default.${name}`, JSON.stringify(stored));
    };
    const watching = (async () => {
      for await (const { type, object } of watchObjects(alice, 'events', {}, { signal: stop.signal }))
        seen.push(`${type} ${object.metadata?.name}`);
    })();
    await put('listed');
    await waitUntil('the list was told', 10_000, () => seen.includes('ADDED listed'));
    await put('before');
    await waitUntil('the watch is open', 10_000, () => seen.includes('ADDED before'));
    proxy.muffle();
    await put('meanwhile');
    proxy.cut();
    await waitUntil('the next event was told', 10_000, () => seen.includes('ADDED meanwhile'));
    expect(seen).toEqual(['ADDED listed', 'ADDED before', 'ADDED meanwhile']);
    stop.abort();
    await watching;
    await lone.host.stop();
    lone.feed.close();
    for (const each of [through, reader, proxy]) await each.close();
    await apart.stop();
  });
});

it('a manifest that is just published has an outcome, with warnings, and an event', async () => {
  const outcomes = connection.subscribe('troupe.outcome.alice', { max: 1 });
  const robot = 'kind: ServiceAccount\napiVersion: v1\nmetadata: {name: robot}\nimagePullSecrets: [{name: pull}]\n';
  connection.publish(
    'troupe.apply.alice.default',
    `kind: ConfigMap\napiVersion: v1\nmetadata: {name: published}\n---\n${robot}`,
  );
  for await (const message of outcomes) {
    expect(client.decode<ApplyResult>(message).items).toMatchObject([
      { name: 'published', outcome: 'created' },
      { name: 'robot', warnings: ['imagePullSecrets is not acted upon yet: images are pulled without credentials'] },
    ]);
    expect(message.string()).toMatch(/^apiVersion: troupe\/v1\nkind: ApplyResult\n/); // YAML, as the manifest
  }
  await waitUntil('the event is there', 10_000, async () => {
    const { items } = await client.list<KubeObject & { reason?: string }>('events', { namespace: 'default' });
    return items.some(({ reason }) => reason === 'Applied');
  });
});

describe('the outcome of a manifest that is just published', () => {
  const events = async (): Promise<readonly Event[]> => (await client.list<Event>('events', {})).items;
  /** Publishes as a caller of its own and waits for its Events: where each lies, what it says, whereabouts it is about. */
  const published = async (caller: string, namespace: string, manifest: string, count: number) => {
    const known = new Set((await events()).map(({ metadata }) => metadata.uid));
    connection.publish(`troupe.apply.${caller}.${namespace}`, manifest);
    let found: readonly Event[] = [];
    await waitUntil(`${count} events are there`, 10_000, async () => {
      found = (await events()).filter(({ metadata }) => !known.has(metadata.uid));
      return found.length >= count;
    });
    return found;
  };
  const told = (found: readonly Event[]): string[] =>
    found.map(({ metadata, reason, involvedObject }) =>
      [metadata.namespace, reason, involvedObject.namespace].join(' '),
    );

  it.each([
    { why: 'names another', text: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: kube-system}' },
    { why: 'names one that is not there', text: 'kind: Pod\nmetadata: {name: x, namespace: no-such}' },
    { why: 'is of a kind without', text: 'apiVersion: v1\nkind: Namespace\nmetadata: {name: team-b}' },
    { why: 'cannot be read', text: 'a: [' },
    { why: 'is empty', text: '' },
    { why: 'is no object', text: '- 1' },
  ])('of who is confined to a namespace is told there, whatever the document says: $why', async ({ text }) => {
    expect(told(await published('tess', 'team-a', text, 1))).toEqual(['team-a ApplyFailed team-a']);
  });

  it('of any other is told where the document is to be, if there is such a namespace', async () => {
    const refused = (place: string): string => `kind: Pod\nmetadata: {name: x, namespace: ${place}}\n`;
    const made = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: new}\n';
    const within = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: new}\n';
    const documents = [made, within, refused('new'), refused('no-such'), refused('"../etc"'), 'kind: Pod\n'];
    expect(told(await published('olga', '_', documents.join('---\n'), 5)).sort()).toEqual([
      'default Applied default',
      'default ApplyFailed default',
      'default ApplyFailed default',
      'new Applied new',
      'new ApplyFailed new',
    ]);
  });

  it('is an Event that the api-server would take from anybody, whatever is in the document', async () => {
    const texts = ['x'.repeat(400_000), '\u001b[2J\u0007\nEvil', 'Web_1', '\ud800', '...', '-', 'a/b c', '日本'];
    const items = texts.flatMap((text) => [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: text, namespace: 'b' } },
      { apiVersion: text, kind: text, metadata: { name: 'y' } },
    ]);
    const found = await published('mallory', 'default', JSON.stringify({ kind: 'List', items }), items.length);
    for (const [at, event] of found.entries()) {
      expect(event.message?.length).toBeLessThanOrEqual(1_024);
      const text = JSON.stringify(event);
      expect(text.length).toBeLessThan(4_000);
      expect(text).not.toMatch(/\\[un]/);
      const { name: _, uid: _uid, resourceVersion: _revision, ...metadata } = event.metadata;
      const copy = { ...event, metadata: { ...metadata, name: `copy-${at}.${event.metadata.name}`.slice(0, 253) } };
      await client.create('events', 'default', copy);
    }
  });
});

it('lists in pages of one moment while others write', async () => {
  await Promise.all(
    Array.from({ length: 60 }, (_, at) => client.create('configmaps', 'kube-system', configMap(`p${100 + at}`))),
  );
  const first = await client.request<{ metadata: { continue?: string }; items: KubeObject[] }>(
    'list',
    'configmaps',
    { namespace: 'kube-system' },
    { limit: 10 },
  );
  await client.delete('configmaps', { namespace: 'kube-system', name: 'p130' });
  await client.create('configmaps', 'kube-system', configMap('p120x'));
  const rest = await client.list(
    'configmaps',
    { namespace: 'kube-system' },
    { continue: first.metadata.continue ?? '', limit: 10 },
  );
  expect([...first.items, ...rest.items].map(({ metadata }) => metadata?.name)).toEqual(
    Array.from({ length: 60 }, (_, at) => `p${100 + at}`),
  );
});

it('one api-server stops: the other serves', async () => {
  await masters[0]?.api.stop();
  for (let at = 0; at < 20; at++) {
    await client.create('configmaps', 'default', configMap(`alone-${at}`));
    await client.get('configmaps', { namespace: 'default', name: `alone-${at}` });
  }
  expect(log.filter((line) => line.startsWith('error'))).toEqual([]);
});
