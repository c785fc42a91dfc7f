import { randomBytes } from 'node:crypto';
import { cpSync, rmSync } from 'node:fs';
import { type JetStreamClient, jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { headers, type NatsConnection } from 'nats';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Status } from '../../../contracts/errors/status.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { clusterKey, IV_BYTES, isSealed, seal } from '../../../contracts/store/sealed.ts';
import { connectAs, startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { startTcpProxy } from '../../../test/support/tcp-proxy.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import type { Change } from '../contract.ts';
import { Cache } from '../view/cache.ts';
import { NatsCache, type NatsCacheOptions } from './nats-cache.ts';

let server: TestNatsServer;
let connection: NatsConnection;
let js: JetStreamClient;
const opened: NatsCache[] = [];
/** What brings the changes once the cache has caught up. */
const FEEDS = [
  ['a consumer', undefined],
  ['what the server republishes', { republishedTo: 'changes.>' }],
] as const;
const RECONNECTING = { maxReconnectAttempts: -1, reconnectTimeWait: 50 };

beforeEach(async () => {
  server = await startNatsServer();
  connection = await connectAs(server, undefined, RECONNECTING);
  js = jetstream(connection, { timeout: 10_000 });
  await addStream();
});
const addStream = async (): Promise<void> => {
  const manager = await jetstreamManager(connection);
  await manager.streams.add({
    name: 'KV_t',
    subjects: ['$KV.t.>'],
    storage: StorageType.File,
    max_msgs_per_subject: 64,
    allow_rollup_hdrs: true,
    allow_msg_ttl: true,
    republish: { src: '$KV.t.>', dest: 'changes.>' },
  });
};
afterEach(async () => {
  for (const each of opened.splice(0)) each.close();
  await connection.close();
  await server.stop();
});

const object = (name: string, mark = 0): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, mark }) as unknown as KubeObject;
const put = async (key: string, value: unknown = object(key.split('.')[2] ?? '')): Promise<number> =>
  (await js.publish(`$KV.t.${key}`, JSON.stringify(value))).seq;
const back = (): Promise<unknown> =>
  waitUntil('the connection is back', 10_000, () =>
    connection.flush().then(
      () => true,
      () => false,
    ),
  );
/** The same after the server was away. Only what it refuses is written again: it may have stored what it did not answer. */
async function putWhenBack(key: string, value?: unknown): Promise<number> {
  await back();
  return waitUntil('the server takes writes', 10_000, () => put(key, value).catch(() => undefined));
}
async function purge(key: string, ttl = '1h'): Promise<number> {
  const marker = headers();
  marker.set('KV-Operation', 'PURGE');
  marker.set('Nats-Rollup', 'sub');
  marker.set('Nats-TTL', ttl);
  return (await js.publish(`$KV.t.${key}`, '', { headers: marker })).seq;
}

interface Heard {
  readonly feed: NatsCache;
  readonly cache: Cache;
  readonly batches: (readonly Change[])[];
  readonly changes: Change[];
  readonly alarms: Status[];
  readonly reports: string[];
  readonly errors: string[];
}
async function openCache(options: Partial<NatsCacheOptions>): Promise<Heard> {
  const heard = {
    cache: new Cache(),
    batches: [],
    changes: [],
    alarms: [],
    reports: [],
    errors: [],
  } as unknown as Heard;
  const feed = await NatsCache.open({
    connection,
    bucket: 't',
    cache: heard.cache,
    onChanges: (changes, relisted) => (relisted ? heard.batches.push(changes) : heard.changes.push(...changes)),
    onAlarm: (status) => heard.alarms.push(status),
    onReport: (key, error) => {
      heard.reports.push(key);
      heard.errors.push(String(error));
    },
    ...options,
  });
  opened.push(feed);
  return Object.assign(heard, { feed });
}
const names = (cache: Cache): string[] => [...cache.entries()].map((entry) => entry.key).sort();

describe.each(FEEDS)('the cache fed by %s', (_, changes) => {
  const open = (options: Partial<NatsCacheOptions> = {}): Promise<Heard> =>
    openCache({ ...(changes && { changes }), ...options });

  it('is there at once for an empty bucket, then follows', async () => {
    const { feed, cache, changes, batches } = await open();
    expect(cache.revision).toBe(0);
    const revision = await put('pods.a.x');
    await feed.reached(revision, { timeoutMs: 5_000 });
    expect(cache.get('pods', 'a', 'x')?.metadata?.resourceVersion).toBe(String(revision));
    const gone = await purge('pods.a.x');
    await feed.reached(gone, { timeoutMs: 5_000 });
    expect(cache.size).toBe(0);
    expect(batches).toEqual([[]]);
    expect(changes.map(({ revision: at, before, after }) => [at, before !== undefined, after !== undefined])).toEqual([
      [1, false, true],
      [2, true, false],
    ]);
  });

  it('hands over what lives as one batch, in key order, whatever lies before it in the stream', async () => {
    for (let round = 0; round < 5; round++) for (const name of ['z', 'a', 'm']) await put(`pods.a.${name}`);
    await purge('pods.a.m');
    const { cache, batches } = await open();
    expect(batches.map((batch) => batch.map((change) => change.key))).toEqual([['pods.a.a', 'pods.a.z']]);
    expect(cache.revision).toBe(16);
    expect(cache.revisionOf('pods.a.z')).toBe(13);
  });

  it('knows that it has caught up though the last message of the stream has expired', async () => {
    await put('pods.a.x');
    await put('pods.a.y');
    await purge('pods.a.y', '1s');
    const manager = await jetstreamManager(connection);
    await waitUntil(
      'the marker expired',
      10_000,
      async () => (await manager.streams.info('KV_t')).state.messages === 1,
    );
    const { cache } = await open();
    expect(cache.revision).toBe(3);
    expect(names(cache)).toEqual(['pods.a.x']);
  });

  it('refuses to wait for ever', async () => {
    const { feed } = await open();
    await expect(feed.reached(5, { timeoutMs: 20 })).rejects.toThrow(/wait for revision 5.*try again/);
  });

  it('reports what is no object of its key, which counts as nothing, and goes on', async () => {
    const { feed, cache, reports } = await open();
    await put('pods.a.was');
    await put('pods.a.was', object('copied'));
    await put('configmaps.a.x', object('x'));
    await js.publish('$KV.t.pods.a.bad', '{');
    await js.publish('$KV.t.odd', '{}');
    const last = await put('pods.a.good');
    await feed.reached(last, { timeoutMs: 5_000 });
    expect(names(cache)).toEqual(['pods.a.good']);
    expect(reports).toEqual(['pods.a.was', 'configmaps.a.x', 'pods.a.bad', 'odd']);
  });

  it('resumes after the server was killed, with every change in between', async () => {
    await put('pods.a.x');
    const { feed, cache, changes, batches } = await open();
    await put('pods.a.y');
    await server.kill9();
    await server.restart();
    const other = await connectAs(server);
    const last = (await jetstream(other).publish('$KV.t.pods.a.z', JSON.stringify(object('z')))).seq;
    await other.close();
    await feed.reached(last, { timeoutMs: 20_000 });
    expect(names(cache)).toEqual(['pods.a.x', 'pods.a.y', 'pods.a.z']);
    expect(changes.map((change) => change.key)).toEqual(['pods.a.y', 'pods.a.z']);
    expect(batches).toHaveLength(1);
    expect(feed.counts.relists).toBe(1);
  });

  it('lists anew when it was away so long that deletions may be forgotten', async () => {
    await put('pods.a.x');
    await put('pods.a.y');
    const proxy = await startTcpProxy(server.port);
    const through = await connectAs({ url: `nats://127.0.0.1:${proxy.port}` }, undefined, RECONNECTING);
    // A marker of 100 ms: half of it is less than any restart takes.
    const { feed, cache, changes, batches } = await open({ connection: through, markerTtlMs: 100 });
    proxy.freeze(); // it is back only after the deletion
    await server.kill9();
    await server.restart();
    const other = await connectAs(server);
    const marker = headers();
    for (const [name, value] of [
      ['KV-Operation', 'PURGE'],
      ['Nats-Rollup', 'sub'],
      ['Nats-TTL', '1s'],
    ] as const) {
      marker.set(name, value);
    }
    const { seq } = await jetstream(other).publish('$KV.t.pods.a.y', '', { headers: marker });
    await other.close();
    proxy.cut();
    await feed.reached(seq, { timeoutMs: 20_000 });
    expect(names(cache)).toEqual(['pods.a.x']);
    expect(changes).toEqual([]);
    expect(batches[1]?.map((change) => [change.key, change.after])).toEqual([['pods.a.y', undefined]]);
    expect(feed.counts.resumes).toBe(0);
    await through.close();
    await proxy.close();
  });

  it('raises the alarm when the store went back in time, and shows what it holds now', async () => {
    await put('pods.a.x');
    const { feed, cache, alarms } = await open();
    await server.kill9();
    const old = `${server.storeDir}.old`;
    cpSync(server.storeDir, old, { recursive: true });
    await server.restart();
    await feed.reached(await putWhenBack('pods.a.y'), { timeoutMs: 10_000 });
    await server.kill9();
    rmSync(server.storeDir, { recursive: true });
    cpSync(old, server.storeDir, { recursive: true });
    rmSync(old, { recursive: true });
    await server.restart();
    await waitUntil('the alarm', 20_000, () => alarms.length > 0 && cache.size === 1);
    expect(alarms[0]?.message).toMatch(/the store went back in time .* restart the masters/);
    expect(feed.alarm).toBe(alarms[0]);
    expect(cache.revision).toBe(1);
  });

  it('holds what a store that went back has now, also where that has the revision of what was there before', async () => {
    await put('pods.a.x');
    const proxy = await startTcpProxy(server.port);
    const slow = await connectAs({ url: `nats://127.0.0.1:${proxy.port}` }, undefined, RECONNECTING);
    const { feed, cache, alarms, batches } = await open({ connection: slow });
    await server.kill9();
    const old = `${server.storeDir}.old`;
    cpSync(server.storeDir, old, { recursive: true });
    await server.restart();
    const write = (mark: number): Promise<number> => putWhenBack('pods.a.y', object('y', mark));
    await feed.reached(await write(1), { timeoutMs: 10_000 });
    proxy.freeze();
    await server.kill9();
    rmSync(server.storeDir, { recursive: true });
    cpSync(old, server.storeDir, { recursive: true });
    rmSync(old, { recursive: true });
    await server.restart();
    expect(await write(2)).toBe(2); // before the cache is back
    proxy.cut();
    await waitUntil('the alarm, and a new list', 20_000, () => alarms.length > 0 && batches.length > 1);
    await feed.reached(2, { timeoutMs: 10_000 });
    expect(cache.get('pods', 'a', 'y')).toMatchObject({ mark: 2 });
    await slow.close();
    await proxy.close();
  });

  it('raises the alarm when a longer store is put back, whose message of that revision is long overwritten', async () => {
    await put('pods.a.x');
    for (let each = 0; each < 70; each++) await put('pods.a.busy', object('busy', each));
    await server.kill9();
    const backup = `${server.storeDir}.backup`;
    cpSync(server.storeDir, backup, { recursive: true });
    rmSync(server.storeDir, { recursive: true });
    await server.restart();
    await back();
    await addStream();
    await put('pods.a.y');
    await put('pods.a.z');
    const { cache, alarms, batches } = await open();
    await server.kill9();
    rmSync(server.storeDir, { recursive: true });
    cpSync(backup, server.storeDir, { recursive: true });
    rmSync(backup, { recursive: true });
    await server.restart();
    await waitUntil('a new list', 20_000, () => batches.length > 1);
    expect(names(cache)).toEqual(['pods.a.busy', 'pods.a.x']);
    expect(alarms.map(({ message }) => message)).toMatchObject([
      expect.stringMatching(/the store went back in time \(its stream was made at .*, the one seen before at .*\)/),
    ]);
  });

  it('lists anew, without an alarm, when none of the newest messages that it heard is kept any more', async () => {
    await put('pods.a.x');
    for (let each = 0; each < 20; each++) await put('pods.a.busy', object('busy', each));
    const proxy = await startTcpProxy(server.port);
    const through = await connectAs({ url: `nats://127.0.0.1:${proxy.port}` }, undefined, RECONNECTING);
    const { feed, cache, alarms, batches } = await open({ connection: through });
    await feed.reached(await put('pods.a.busy'), { timeoutMs: 5_000 });
    proxy.freeze();
    await put('pods.a.y');
    for (let each = 0; each < 70; each++) await put('pods.a.busy', object('busy', each));
    await purge('pods.a.x');
    proxy.cut();
    await waitUntil('a new list', 20_000, () => batches.length > 1);
    expect(names(cache)).toEqual(['pods.a.busy', 'pods.a.y']);
    expect(batches[1]?.map(({ key, before, after }) => [key, before !== undefined, after !== undefined])).toEqual([
      ['pods.a.busy', true, true],
      ['pods.a.x', true, false],
      ['pods.a.y', false, true],
    ]);
    expect(alarms).toEqual([]);
    await waitUntil('it goes on', 10_000, () => feed.certain);
    await through.close();
    await proxy.close();
  });

  it('goes on where it was, when the object that it heard of last was deleted while it was away', async () => {
    await put('pods.a.x');
    const proxy = await startTcpProxy(server.port);
    const through = await connectAs({ url: `nats://127.0.0.1:${proxy.port}` }, undefined, RECONNECTING);
    const { feed, cache, alarms, batches } = await open({ connection: through });
    await put('pods.a.y');
    await feed.reached(await put('pods.a.gone'), { timeoutMs: 5_000 });
    proxy.freeze();
    await purge('pods.a.gone');
    const last = await put('pods.a.z');
    proxy.cut();
    await waitUntil('it is back', 20_000, () => cache.revision >= last);
    expect(names(cache)).toEqual(['pods.a.x', 'pods.a.y', 'pods.a.z']);
    expect({ lists: batches.length, alarms }).toEqual({ lists: 1, alarms: [] });
    await through.close();
    await proxy.close();
  });

  it('says what to do when the store was deleted under it', async () => {
    await put('pods.a.x');
    const { errors } = await open();
    await (await jetstreamManager(connection)).streams.delete('KV_t');
    const said = await waitUntil('it is missed', 10_000, () => errors.find((error) => error.includes('not found')));
    expect(said).toMatch(/the feed of KV_t\b.*: stream not found; .* restore the backup .*, or restart the masters/);
  });

  it('opens secrets with the key, leaves them sealed without one, and refuses to open with another', async () => {
    const key = clusterKey(randomBytes(32));
    const secret = { ...object('s'), kind: 'Secret', data: { password: 'aHVudGVyMg==' } } as unknown as KubeObject;
    await put('secrets.a.s', seal('secrets.a.s', secret, key, randomBytes(IV_BYTES)));
    expect((await open({ clusterKey: key })).cache.get('secrets', 'a', 's')).toMatchObject(secret);
    const without = (await open()).cache.get('secrets', 'a', 's');
    expect(without && isSealed(without)).toBe(true);
    const other = clusterKey(randomBytes(32));
    await expect(open({ clusterKey: other })).rejects.toThrow(/sealed with cluster key .* start it with the key/);
  });
});
