import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { beforeEach, expect, it } from 'vitest';
import { decode, encodeMsgpack } from '../../../contracts/codec/codec.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import type { ListOptions } from '../../../contracts/messages/api.ts';
import { keySubject, streamOf } from '../../../contracts/store/buckets.ts';
import { EMPTY_DIGEST, withEntry } from '../../../contracts/store/list-digest.ts';
import { atEndOfTest } from '../../../test/support/end-of-test.ts';
import { connectAs, startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { startTcpProxy } from '../../../test/support/tcp-proxy.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import type { Change } from '../contract.ts';
import { Cache } from '../view/cache.ts';
import { ScopedView } from './nats-scoped-view.ts';

/* A stream that is republished, and lists that are answered from what was put into it. */

const BUCKET = 'troupe-objects';
let server: TestNatsServer;
let broker: NatsConnection;

beforeEach(async () => {
  server = await startNatsServer();
  broker = await connectAs(server);
  await atEndOfTest(() => broker.close());
  await addStream();
});

async function addStream(): Promise<void> {
  const manager = await jetstreamManager(broker);
  await manager.streams.add({
    name: streamOf(BUCKET),
    subjects: [keySubject(BUCKET, '>')],
    max_msgs_per_subject: 64,
    republish: { src: keySubject(BUCKET, '>'), dest: 'troupe.changes.>' },
  });
}

class Api {
  readonly objects = new Map<string, KubeObject>();
  revision = 0;
  lists = 0;
  digests = 0;
  pageItems = 500;

  constructor(connection: NatsConnection) {
    connection.subscribe('troupe.api.n.list.nodes._._', {
      callback: (_error, message) => {
        const { limit = 500, continue: from = '0', digest } = decode(message.data) as ListOptions;
        message.respond(
          encodeMsgpack(digest === true ? this.digest() : this.page(Number(from), Math.min(limit, this.pageItems))),
        );
      },
    });
  }
  digest(): object {
    this.digests += 1;
    const digest = [...this.objects].reduce(
      (made, [key, { metadata }]) => withEntry(made, key, Number(metadata?.resourceVersion)),
      EMPTY_DIGEST,
    );
    return { kind: 'ListDigest', metadata: { resourceVersion: String(this.revision) }, ...digest };
  }
  page(from: number, limit: number): object {
    if (from === 0) this.lists += 1;
    const all = [...this.objects.values()];
    const more = from + limit < all.length ? { continue: String(from + limit) } : {};
    return { metadata: { resourceVersion: String(this.revision), ...more }, items: all.slice(from, from + limit) };
  }
}

/** @param told whether it is published, too; else it is only in the api-server's list */
async function put(api: Api, name: string, told = true): Promise<void> {
  const object: KubeObject = { apiVersion: 'v1', kind: 'Node', metadata: { name } };
  const key = `nodes._.${name}`;
  const body = JSON.stringify(object);
  const { seq } = told ? await publish(keySubject(BUCKET, key), body) : { seq: api.revision + 1 };
  api.revision = seq;
  api.objects.set(key, { ...object, metadata: { name, resourceVersion: String(seq) } });
}
async function remove(api: Api, name: string): Promise<void> {
  const { seq } = await publish(keySubject(BUCKET, `nodes._.${name}`), '');
  api.revision = seq;
  api.objects.delete(`nodes._.${name}`);
}
async function publish(subject: string, body: string): Promise<{ readonly seq: number }> {
  return JSON.parse((await broker.request(subject, body)).string()) as { seq: number };
}

async function open(connection: NatsConnection, compareEveryMs = 600_000) {
  const cache = new Cache();
  const told: string[] = [];
  const log: string[] = [];
  const view = new ScopedView({
    connection,
    prefix: 'troupe',
    caller: 'n',
    inboxPrefix: '_INBOX.n',
    cache,
    compareEveryMs,
    log: (line) => log.push(line),
  });
  const text = ({ key, after }: Change): string => `${after === undefined ? '-' : ''}${key.slice(8)}`;
  view.listen({
    changed: (change) => void told.push(`change ${text(change)}`),
    relisted: (changes) => void told.push(`list ${changes.map(text).join()}`),
  });
  await atEndOfTest(async () => view.close());
  await view.watch(['nodes']);
  return { view, cache, told, log };
}
const names = (cache: Cache): readonly (string | undefined)[] =>
  cache.list('nodes').map(({ metadata }) => metadata?.name);

it('lists page by page, and then hears every change; one that is deleted and created again shows no gap', async () => {
  const api = new Api(broker);
  api.pageItems = 2;
  for (const name of ['a', 'b', 'c', 'd', 'e']) await put(api, name);
  await remove(api, 'e');
  const { cache, told, view } = await open(broker);
  expect(names(cache)).toEqual(['a', 'b', 'c', 'd']);
  expect(cache.revision).toBe(6);
  await put(api, 'a');
  await remove(api, 'b');
  await put(api, 'b');
  await put(api, 'e');
  await publish(keySubject(BUCKET, 'pods.x.y'), '{}');
  await waitUntil('all have arrived', 5_000, () => cache.revision === 10);
  expect(told).toEqual(['list a,b,c,d', 'change a', 'change -b', 'change b', 'change e']);
  expect(view.counts).toEqual({ lists: 1, gaps: 0, differences: 0 });
  expect(api.lists).toBe(1);
});

it('lists again when a change of a key did not arrive', async () => {
  const api = new Api(broker);
  await put(api, 'a');
  const { cache, view, told } = await open(broker);
  const manager = await jetstreamManager(broker);
  const { config } = await manager.streams.info(streamOf(BUCKET));
  await manager.streams.update(streamOf(BUCKET), {
    ...config,
    republish: { src: keySubject(BUCKET, 'other.>'), dest: 'troupe.changes.>' },
  });
  await put(api, 'a');
  await manager.streams.update(streamOf(BUCKET), config);
  await put(api, 'a');
  await waitUntil('it has listed again', 5_000, () => view.counts.lists === 2);
  expect([view.counts.gaps, cache.revision, told.at(-1)]).toEqual([1, 3, 'list a']);
});

it('lists again after a reconnection: what was deleted meanwhile is gone, and a store that went back counts', async () => {
  const api = new Api(broker);
  await put(api, 'a');
  await put(api, 'b');
  const proxy = await startTcpProxy(server.port);
  await atEndOfTest(() => proxy.close());
  const connection = await connectAs({ url: `nats://127.0.0.1:${proxy.port}` }, undefined, {
    reconnectTimeWait: 20,
    maxReconnectAttempts: -1,
  });
  await atEndOfTest(() => connection.close());
  const { cache, view } = await open(connection);
  proxy.muffle();
  await remove(api, 'a');
  await put(api, 'c');
  proxy.cut();
  await waitUntil('it has listed again', 20_000, () => names(cache).join() === 'b,c');
  await put(api, 'd');
  await waitUntil('changes go on', 5_000, () => names(cache).join() === 'b,c,d');
  api.objects.clear();
  api.objects.set('nodes._.old', { metadata: { name: 'old', resourceVersion: '1' } });
  api.revision = 1;
  proxy.cut();
  await waitUntil('it has the older store', 20_000, () => names(cache).join() === 'old');
  expect(cache.revision).toBe(1);
  expect(view.counts.lists).toBe(3);
});

it('lists again when the digest differs from that of the api-server', async () => {
  const api = new Api(broker);
  await put(api, 'a');
  const { cache, view } = await open(broker, 50);
  await waitUntil('it is compared', 5_000, () => api.digests > 2);
  expect(view.counts.differences).toBe(0);
  await put(api, 'silent', false);
  await waitUntil('the difference is found', 5_000, () => names(cache).join() === 'a,silent');
  expect(view.counts.differences).toBe(1);
});
