import { cpSync, rmSync } from 'node:fs';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from 'nats';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { StatusError } from '../../contracts/errors/status.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { connectAs, startNatsServer, type TestNatsServer } from '../../test/support/nats-server.ts';
import { openStore, type TestStore } from '../../test/support/store.ts';
import { startTcpProxy } from '../../test/support/tcp-proxy.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { RetryingRequests } from './retrying-requests.ts';
import { selfCheck } from './self-check.ts';

let server: TestNatsServer;
let connection: NatsConnection;
let serial = 0;
const opened: { close(): Promise<void> }[] = [];
const closed = <T extends { close(): Promise<void> }>(one: T): T => {
  opened.unshift(one);
  return one;
};
type StoreOptions = Parameters<typeof openStore>[2];
const open = async (options?: StoreOptions, over = connection) =>
  closed(await openStore(over, `s${serial++}`, options));
const reconnecting = { maxReconnectAttempts: -1, reconnectTimeWait: 20, reconnectJitter: 0 };
/** A store that can be cut off from the broker. */
const openThroughProxy = async (options?: StoreOptions) => {
  const proxy = closed(await startTcpProxy(server.port));
  const url = `nats://127.0.0.1:${proxy.port}`;
  return { proxy, store: await open(options, closed(await connectAs({ url }, undefined, reconnecting))) };
};

beforeAll(async () => {
  server = await startNatsServer();
  connection = await connectAs(server, undefined, reconnecting);
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});

const pod = (name: string, more: object = {}): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'a' }, ...more }) as unknown as KubeObject;
const key = 'pods.a.x';
let requests = 0;
const put = (store: TestStore, at: string, expect: number, more: object = {}, requestId = `r${requests++}`) =>
  store.ports.put({ key: at, object: pod(at.split('.')[2] ?? '', more), expect, requestId });
const purge = (store: TestStore, at: string, expected: number, requestId = `r${requests++}`) =>
  store.ports.purge({ key: at, expect: expected, requestId });
const reasonOf = async (call: Promise<unknown>): Promise<string> => {
  const error: unknown = await call.then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  return error instanceof StatusError ? (error.reason ?? '') : String(error);
};

describe('the store', () => {
  it('writes only what was expected to be there', async () => {
    const store = await open();
    const { revision } = await put(store, key, 0);
    expect(await reasonOf(put(store, key, 0))).toBe('AlreadyExists');
    const second = await put(store, key, revision, { mark: 2 });
    expect(await reasonOf(put(store, key, revision))).toBe('Conflict');
    expect(await reasonOf(put(store, 'pods.a.none', 7))).toBe('Conflict');
    expect(await reasonOf(purge(store, key, revision))).toBe('Conflict');
    await store.ports.reached(second);
    expect(store.cache.get('pods', 'a', 'x')).toMatchObject({ mark: 2, metadata: { resourceVersion: '2' } });
  });

  it('stores JSON without a resourceVersion', async () => {
    const store = await open();
    await put(store, key, 0, { metadata: { name: 'x', resourceVersion: '77' } });
    const manager = await jetstreamManager(connection);
    const message = await manager.streams.getMessage(`KV_s${serial - 1}-objects`, { seq: 1 });
    expect(message?.json()).toEqual({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } });
  });

  it('knows its own write again, also after others wrote', async () => {
    const store = await open();
    const { revision } = await put(store, key, 0, {}, 'mine');
    expect(await put(store, key, 0, {}, 'mine')).toEqual({ revision });
    const update = await put(store, key, revision, {}, 'update');
    await put(store, key, update.revision, {}, 'theirs');
    expect(await put(store, key, revision, {}, 'update')).toEqual(update);
    expect(await put(store, key, 0, {}, 'mine')).toEqual({ revision });
    const gone = await purge(store, key, 3, 'gone');
    expect(await purge(store, key, 3, 'gone')).toEqual(gone);
    expect(store.stats().recognised).toBe(4);
  });

  it('creates again what was deleted, time after time', async () => {
    const store = await open();
    for (let round = 0; round < 3; round++) {
      const made = await put(store, key, 0);
      await purge(store, key, made.revision);
    }
    const last = await put(store, key, 0, {}, 'last');
    expect(await put(store, key, 0, {}, 'last')).toEqual(last);
    await store.ports.fresh({});
    expect(store.cache.revisionOf(key)).toBe(7);
  });

  it('does not bring an old value back when the marker of a deletion expires', async () => {
    const store = await open({ markerTtlMs: 1_000 });
    let { revision } = await put(store, key, 0);
    revision = (await put(store, key, revision)).revision;
    await purge(store, key, revision);
    const manager = await jetstreamManager(connection);
    const stream = `KV_s${serial - 1}-objects`;
    await waitUntil(
      'the marker expired',
      10_000,
      async () => (await manager.streams.info(stream)).state.messages === 0,
    );
    expect(await manager.streams.getMessage(stream, { last_by_subj: `$KV.s${serial - 1}-objects.${key}` })).toBeNull();
    expect(await store.ports.fresh({})).toEqual({ revision: 3 });
    expect(await put(store, key, 0)).toEqual({ revision: 4 });
  });

  it('refuses an object that is too large with 413', async () => {
    const store = await open();
    expect(await reasonOf(put(store, key, 0, { data: 'x'.repeat(1_572_864) }))).toBe('RequestEntityTooLarge');
    expect(await reasonOf(put(store, key, 0, { data: 'ü'.repeat(800_000) }))).toBe('RequestEntityTooLarge');
    expect(await put(store, key, 0, { data: 'x'.repeat(1_500_000) })).toEqual({ revision: 1 });
  });

  it('shows every acknowledged write to a fresh read of another process', async () => {
    const writer = await open();
    const prefix = `s${serial - 1}`;
    const reader = await openStore(connection, prefix);
    opened.push(reader);
    await Promise.all(
      Array.from({ length: 20 }, async (_, lane) => {
        let expected = 0;
        for (let round = 0; round < 10; round++) {
          expected = (await put(writer, `pods.a.p${lane}`, expected)).revision;
          await reader.ports.fresh({});
          expect(reader.cache.revisionOf(`pods.a.p${lane}`)).toBeGreaterThanOrEqual(expected);
        }
      }),
    );
    const { freshReads, freshQuestions } = reader.stats();
    expect(freshReads).toBe(200);
    expect(freshQuestions).toBeLessThan(200);
  });

  it('succeeds once when the acknowledgement is lost with the connection', async () => {
    const { proxy, store } = await openThroughProxy();
    const stream = `KV_s${serial - 1}-objects`;
    const { revision } = await put(store, key, 0);
    proxy.muffle();
    const pending = put(store, key, revision, { mark: 'once' });
    const manager = await jetstreamManager(connection);
    await waitUntil('it is stored', 5_000, async () => (await manager.streams.info(stream)).state.last_seq === 2);
    proxy.cut();
    expect(await pending).toEqual({ revision: 2 });
    expect(store.stats().recognised).toBe(1);
    await waitUntil('the feed is back', 5_000, () => store.cache.revisionOf(key) === 2);
    expect((await manager.streams.info(stream)).state.last_seq).toBe(2);
  });

  it('does not create again what was created and deleted while the acknowledgement was lost', async () => {
    const { proxy, store } = await openThroughProxy();
    const bucket = `s${serial - 1}-objects`;
    proxy.muffle();
    const pending = put(store, key, 0, { mark: 'once' }).catch((error: unknown) => error);
    const manager = await jetstreamManager(connection);
    const last = async () => (await manager.streams.info(`KV_${bucket}`)).state.last_seq;
    await waitUntil('it is stored', 5_000, async () => (await last()) === 1);
    const marker = headers();
    marker.set('KV-Operation', 'PURGE');
    marker.set('Nats-Rollup', 'sub');
    await jetstream(connection).publish(`$KV.${bucket}.${key}`, '', { headers: marker });
    proxy.cut();
    expect(await pending).toMatchObject({ reason: 'Timeout' });
    expect(store.stats().alarm).toBeUndefined(); // the store answers
    expect(await last()).toBe(2);
  });

  it('says within its deadline that the store does not answer', async () => {
    const { proxy, store } = await openThroughProxy({ deadlineMs: 300, told: false });
    proxy.muffle();
    await expect(put(store, key, 0)).rejects.toThrow(
      /write pods.a.x: the store did not answer within 300 ms .* read the object before you repeat/,
    );
    expect(await reasonOf(store.ports.fresh({}))).toBe('Timeout');
    proxy.cut();
  });

  it('lists events by page, without deleted ones, and keeps them out of the cache', async () => {
    const store = await open();
    const event = (at: string) => {
      const [namespace, name = ''] = at.split('.');
      return { key: `events.${at}`, object: pod(name, { kind: 'Event', metadata: { name, namespace } }) };
    };
    for (const at of ['b.z', 'b.a', 'a.m', 'b.q']) await store.ports.putEvent(event(at));
    await store.ports.purgeEvent({ key: 'events.b.q' });
    const names = async (body: Parameters<TestStore['ports']['listEvents']>[0]) => {
      const { objects, more, revision } = await store.ports.listEvents(body);
      return [objects.map((each) => `${each.metadata?.name}@${each.metadata?.resourceVersion}`), more, revision];
    };
    expect(await names({ limit: 10 })).toEqual([['m@3', 'a@2', 'z@1'], false, 5]);
    expect(await names({ limit: 1, namespace: 'b' })).toEqual([['a@2'], true, 5]);
    expect(await names({ limit: 5, namespace: 'b', after: 'events.b.a' })).toEqual([['z@1'], false, 5]);
    await store.ports.putEvent(event('b.c'));
    // Who pages through them reads on in what there was when they began.
    expect(await names({ limit: 5, namespace: 'b', after: 'events.b.a' })).toEqual([['z@1'], false, 5]);
    expect(await names({ limit: 5, namespace: 'b', after: 'events.b.z' })).toEqual([[], false, 5]);
    expect(await names({ limit: 5, namespace: 'b' })).toEqual([['a@2', 'c@6', 'z@1'], false, 6]);
    expect(await names({ limit: 5, namespace: 'b', after: 'events.b.a' })).toEqual([['c@6', 'z@1'], false, 6]);
    expect(await names({ limit: 5, namespace: 'c', after: 'events.c.a' })).toEqual([[], false, 6]);
    expect(await store.ports.getEvent({ key: 'events.b.q' })).toEqual({});
    expect((await store.ports.getEvent({ key: 'events.a.m' })).object?.metadata?.resourceVersion).toBe('3');
    expect(await reasonOf(store.ports.putEvent({ ...event('a.m'), expect: 1 }))).toBe('Conflict');
    expect(store.cache.size).toBe(0);
  });

  it('lists the events that there are, whatever else somebody had the server store among them', async () => {
    const store = await open();
    const names = ['e1', 'e2', 'e3', 'e4'];
    for (const name of ['e1', 'e4']) {
      await store.ports.putEvent({ key: `events.a.${name}`, object: pod(name, { kind: 'Event' }) });
    }
    connection.publish(`$KV.s${serial - 1}-events.events.a.e2`, '{"type":"io.nats.jetstream.api.v1');
    connection.publish(`$KV.s${serial - 1}-events.events.a.e3`, 'null');
    await connection.flush();
    const { objects } = await store.ports.listEvents({ limit: 9 });
    expect(objects.map(({ metadata }) => metadata?.name)).toEqual(['e1', 'e4']);
    const found = await Promise.all(names.map((name) => store.ports.getEvent({ key: `events.a.${name}` })));
    expect(found.map(({ object }) => object?.metadata?.name)).toEqual(['e1', undefined, undefined, 'e4']);
  });

  it('says with an event what was before, as far as it was told and a header has room', async () => {
    const store = await open();
    const heard = connection.subscribe(`s${serial - 1}.events.>`, { max: 4 });
    const at = 'events.a.e';
    const before = pod('e', { reason: 'zwei\r\nZeilen, é €' });
    const object = pod('e');
    await store.ports.putEvent({ key: at, object });
    await store.ports.putEvent({ key: at, object, before });
    await store.ports.putEvent({ key: at, object, before: pod('e', { reason: 'x'.repeat(10_000) }) });
    await store.ports.purgeEvent({ key: at, before });
    const told: unknown[] = [];
    for await (const { headers: found } of heard) told.push(JSON.parse(found?.get('Troupe-Before') || 'null'));
    expect(told).toEqual([null, before, null, before]);
  });

  it('a checkpoint that cannot be written is tried again later, not with every write', async () => {
    const store = await open({ checkpointChangesMin: 1 });
    await (await jetstreamManager(connection)).streams.delete(`s${serial - 1}-checkpoints`);
    for (let each = 0; each < 20; each++) await put(store, `pods.a.p${each}`, 0);
    await waitUntil('it is reported', 10_000, () => store.reports.length > 0);
    for (let each = 20; each < 40; each++) await put(store, `pods.a.p${each}`, 0);
    expect(store.reports).toEqual([expect.stringMatching(/^checkpoint: /)]);
  });

  it('says what to do when its stream was deleted', async () => {
    const store = await open();
    await (await jetstreamManager(connection)).streams.delete(`KV_s${serial - 1}-objects`);
    const refusal = await waitUntil('a read is refused', 10_000, () =>
      store.ports.fresh({}).then(() => undefined, String),
    );
    expect(refusal).toMatch(/stream not found; .* restore the backup .* or restart the masters/);
    expect(store.stats().alarm).toMatch(/stream not found; .* restore the backup .* or restart the masters/);
  });

  it('raises an alarm while the server runs on an empty disk', async () => {
    const own = await startNatsServer();
    const store = await openStore(closed(await connectAs(own, undefined, reconnecting)), 'gone');
    expect(store.stats().alarm).toBeUndefined();
    await own.kill9();
    rmSync(own.storeDir, { recursive: true });
    await own.restart();
    const alarm = await waitUntil('the alarm', 10_000, async () => store.stats().alarm);
    expect(alarm).toMatch(/^open the feed of KV_gone-objects: stream not found; .* restore the backup .* or restart/);
    await store.close();
    await own.stop();
  });

  it('raises an alarm while writes get no answer, and takes it back once one succeeds', async () => {
    const store = await open({ deadlineMs: 500 });
    const manager = await jetstreamManager(connection);
    const stream = `KV_s${serial - 1}-objects`;
    const { config } = await manager.streams.info(stream);
    await put(store, key, 0);
    await manager.streams.update(stream, { ...config, max_msg_size: 100 });
    expect(await reasonOf(put(store, key, 7))).toBe('RequestEntityTooLarge');
    await manager.streams.update(stream, config);
    expect(await reasonOf(put(store, key, 7))).toBe('Conflict');
    expect(store.stats().alarm).toBeUndefined(); // the askers' own
    await manager.streams.update(stream, { ...config, subjects: ['elsewhere.>'] });
    expect(await reasonOf(put(store, 'pods.a.y', 0))).toBe('Timeout');
    const alarm =
      /^writes get no answer from the store \(last error: .*\); check nats-server's log: is it running, and/;
    expect(store.stats().alarm).toMatch(alarm);
    await store.ports.fresh({});
    expect(store.stats().alarm).toMatch(alarm); // a read proves nothing of writes
    await manager.streams.update(stream, config);
    await put(store, 'pods.a.y', 0);
    expect(store.stats().alarm).toBeUndefined();
  });

  it('takes an alarm back once the store answers, be it with a refusal', async () => {
    const store = await open({ deadlineMs: 500 });
    const manager = await jetstreamManager(connection);
    const stream = `KV_s${serial - 1}-objects`;
    const { config } = await manager.streams.info(stream);
    await put(store, key, 0);
    const fail = async (): Promise<void> => {
      await manager.streams.update(stream, { ...config, subjects: ['elsewhere.>'] });
      expect(await reasonOf(put(store, 'pods.a.y', 0))).toBe('Timeout');
      expect(store.stats().alarm).toMatch(/^writes get no answer/);
      await manager.streams.update(stream, config);
    };
    await fail();
    expect(await reasonOf(put(store, key, 7))).toBe('Conflict');
    expect(store.stats().alarm).toBeUndefined();
    await fail();
    expect(await reasonOf(put(store, key, 0))).toBe('AlreadyExists');
    expect(store.stats().alarm).toBeUndefined();
    await fail();
    expect(await reasonOf(put(store, 'pods.a.z', 0, { large: 'x'.repeat(2_000_000) }))).toBe('RequestEntityTooLarge');
    expect(store.stats().alarm).toMatch(/^writes get no answer/); // the store was not asked
    await manager.streams.update(stream, { ...config, max_msg_size: 100 });
    expect(await reasonOf(put(store, key, 7))).toBe('RequestEntityTooLarge');
    expect(store.stats().alarm).toBeUndefined();
  });

  it('trusts the republished changes when a newer build stores a resource that this one does not know', async () => {
    const store = await open();
    await waitUntil('it is ahead', 10_000, () => store.feed.isAhead);
    const stored = await jetstream(connection).publish(
      `$KV.s${serial - 1}-objects.widgets.a.w`,
      JSON.stringify(pod('w')),
    );
    const { revision } = await put(store, key, 0);
    expect(revision).toBe(stored.seq + 1);
    await store.ports.reached({ revision });
    expect(await store.ports.fresh({})).toEqual({ revision });
    expect(store.cache.revisionOf('widgets.a.w')).toBe(stored.seq);
    expect(store.reports).toEqual([]);
    expect(store.feed.isAhead).toBe(true);
  });

  it('finds out when the cache is not what the store is', async () => {
    const store = await open();
    for (let each = 0; each < 5; each++) await put(store, `pods.a.p${each}`, 0);
    const { revision } = await purge(store, 'pods.a.p0', 1);
    await store.ports.reached({ revision });
    const check = {
      connection,
      requests: new RetryingRequests(connection),
      feed: store.feed,
      bucket: `s${serial - 1}-objects`,
      deadlineMs: 2_000,
      random: Math.random,
    };
    const sound = await selfCheck(check, 50);
    expect(sound.differing).toEqual([]);
    expect([...sound.checked].sort()).toEqual(['p0', 'p1', 'p2', 'p3', 'p4'].map((name) => `pods.a.${name}`));
    store.cache.apply({ key: 'pods.a.p2', revision: 90 });
    store.cache.apply({ key: 'pods.a.ghost', revision: 91, object: pod('ghost') });
    expect([...(await selfCheck(check, 400)).differing].sort()).toEqual(['pods.a.ghost', 'pods.a.p2']);
  });
});

describe('the store on a server that dies', () => {
  it('loses no acknowledged write when the server is killed under load', async () => {
    const own = await startNatsServer();
    const through = await connectAs(own, undefined, reconnecting);
    const store = await openStore(through, 'k', { deadlineMs: 20_000 });
    const acknowledged = new Map<string, number>();
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < 1_500) {
        const at = `pods.a.p${next++}`;
        acknowledged.set(at, (await put(store, at, 0)).revision);
      }
    };
    const lanes = Promise.all(Array.from({ length: 16 }, lane));
    await waitUntil('some are written', 10_000, () => acknowledged.size > 400);
    await own.kill9();
    await own.restart();
    await lanes;
    expect(acknowledged.size).toBe(1_500);
    await store.ports.fresh({});
    const lost = [...acknowledged].filter(([at, revision]) => store.cache.revisionOf(at) !== revision);
    expect(lost).toEqual([]);
    expect(store.cache.size).toBe(1_500);
    expect(store.cache.revision).toBe(1_500); // nothing twice
    await store.close();
    await through.close();
    await own.stop();
  });

  it('refuses writes after the server was set back, until it is started anew', async () => {
    const own = await startNatsServer();
    const through = await connectAs(own, undefined, reconnecting);
    const store = await openStore(through, 'old');
    await put(store, key, 0);
    await own.kill9();
    const copy = `${own.storeDir}.old`;
    cpSync(own.storeDir, copy, { recursive: true });
    await own.restart();
    const { revision } = await put(store, 'pods.a.y', 0);
    await store.ports.reached({ revision });
    await own.kill9();
    rmSync(own.storeDir, { recursive: true });
    cpSync(copy, own.storeDir, { recursive: true });
    rmSync(copy, { recursive: true });
    await own.restart();
    await expect(put(store, 'pods.a.z', 0)).rejects.toThrow(/the store went back in time/);
    expect(await reasonOf(put(store, 'pods.a.z', 0))).toBe('ServiceUnavailable');
    expect(store.stats().alarm).toMatch(/went back in time/);
    await waitUntil('the cache is what the store is', 10_000, () => store.cache.revisionOf('pods.a.y') === 0);
    await store.close();
    const again = await openStore(through, 'old');
    expect(await put(again, 'pods.a.z', 0)).toEqual({ revision: 2 });
    await again.close();
    await through.close();
    await own.stop();
  });
});
