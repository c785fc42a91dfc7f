import { randomBytes } from 'node:crypto';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { expect, it } from 'vitest';
import type { CacheEntry } from '../../../actors/kernel/view/cache.ts';
import type { MemoryHistory } from '../../../actors/kernel/view/memory-history.ts';
import { Checkpoints } from '../../../actors/store/checkpoints.ts';
import { dropHistoryBefore } from '../../../actors/store/retention.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { bucketNames } from '../../../contracts/store/buckets.ts';
import { clusterKey, IV_BYTES, seal } from '../../../contracts/store/sealed.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { openStore } from '../../../test/support/store.ts';
import { withNats } from '../../../test/support/with-nats.ts';
import { readHistory } from './read-history.ts';

let connection: NatsConnection;
withNats((own) => {
  connection = own;
});

type Sealed = { readonly v: number; readonly key: string; readonly box: string };

const pod = (name: string): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'a' } }) as KubeObject;

it('what retention dropped is still there as the state it led to', async () => {
  const prefix = 'kept';
  const store = await openStore(connection, prefix);
  const put = async (name: string, expectation = 0): Promise<number> =>
    (
      await store.ports.put({
        key: `pods.a.${name}`,
        object: pod(name),
        expect: expectation,
        requestId: `${name}-${expectation}`,
      })
    ).revision;
  const x = await put('x');
  const y = await put('y');
  await store.ports.purge({ key: 'pods.a.x', expect: x, requestId: 'gone' });
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const checkpoints = new Checkpoints({ connection, manager, prefix });
  const at = (await store.ports.fresh({})).revision;
  expect(await checkpoints.write(store.cache)).toBe(true);
  const z = await put('z');
  const whole = await readHistory(connection, prefix);
  await dropHistoryBefore(manager, checkpoints, prefix, at);

  const kept = await readHistory(connection, prefix);
  const names = (history: MemoryHistory, revision: number): string[] =>
    [...history.stateAt(revision)].map(({ key, revision: at }) => `${key}@${at}`);
  expect(names(kept, at)).toEqual([`pods.a.y@${y}`]);
  expect(names(kept, z)).toEqual(names(whole, z));
  expect([...kept.writes(at, z)].map(({ key }) => key)).toEqual(['pods.a.z']);
  expect(kept.missing(z)).toBeUndefined();
  expect(kept.missing(at - 1)).toEqual({ first: 1, last: at });
  await store.close();
});

it('a hole is told, and what comes after the next checkpoint is known again', async () => {
  const prefix = 'torn';
  const store = await openStore(connection, prefix);
  const put = async (name: string): Promise<number> =>
    (await store.ports.put({ key: `pods.a.${name}`, object: pod(name), expect: 0, requestId: name })).revision;
  const x = await put('x');
  const y = await put('y');
  await put('z');
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const checkpoints = new Checkpoints({ connection, manager, prefix });
  await store.ports.fresh({});
  expect(await checkpoints.write(store.cache)).toBe(true);
  const w = await put('w');
  expect((await readHistory(connection, prefix)).missing(w)).toBeUndefined();
  const { history, objects } = bucketNames(prefix);
  await manager.streams.purge(history, { filter: `$KV.${objects}.pods.a.y` });

  const torn = await readHistory(connection, prefix);
  expect(torn.missing(x)).toBeUndefined();
  expect(torn.missing(y)).toEqual({ first: y, last: y });
  expect(torn.missing(w)).toBeUndefined();
  expect(torn.missing(w, x)).toEqual({ first: y, last: y });
  expect([...torn.stateAt(w)].map(({ key }) => key).sort()).toEqual(
    ['w', 'x', 'y', 'z'].map((name) => `pods.a.${name}`),
  );
  await store.close();
});

it('a checkpoint of which a part is lost is passed over, and the next one serves', async () => {
  const prefix = 'damaged';
  const store = await openStore(connection, prefix);
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const checkpoints = new Checkpoints({ connection, manager, prefix });
  const { history, objects, checkpoints: stream } = bucketNames(prefix);
  const putAndCheckpoint = async (name: string): Promise<number> => {
    await store.ports.put({ key: `pods.a.${name}`, object: pod(name), expect: 0, requestId: name });
    const { revision } = await store.ports.fresh({});
    expect(await checkpoints.write(store.cache)).toBe(true);
    return revision;
  };
  const first = await putAndCheckpoint('x');
  const second = await putAndCheckpoint('y');
  await readHistory(connection, prefix); // waits for the mirror
  await manager.streams.purge(history, { filter: `$KV.${objects}.pods.a.x` });
  await manager.streams.purge(stream, {
    filter: SUBJECTS.checkpoints.subject(prefix, { revision: String(first), chunk: '0' }),
  });

  const read = await readHistory(connection, prefix);
  expect(read.bases.map(({ revision }) => revision)).toEqual([second]);
  expect([...read.stateAt(second)].map(({ key }) => key)).toEqual(['pods.a.x', 'pods.a.y']);
  expect(read.missing(second)).toBeUndefined();
  expect(read.missing(first)).toEqual({ first: 1, last: first });
  await store.close();
});

it('tells of the changes that the cache told of, and of no others, whatever else somebody had the server store', async () => {
  const prefix = 'foreign';
  const store = await openStore(connection, prefix);
  await store.ports.put({ key: 'pods.a.x', object: pod('x'), expect: 0, requestId: 'x' });
  for (const key of ['pods.odd', 'pods.a.=ZZ', 'pods.a.y']) connection.publish(`$KV.${prefix}-objects.${key}`, 'odd');
  await store.ports.put({ key: 'pods.a.z', object: pod('z'), expect: 0, requestId: 'z' });
  await store.ports.fresh({});
  const keys = (store.cache.since(0) ?? []).map(({ key }) => key);
  expect(keys).toEqual(['pods.a.x', 'pods.a.y', 'pods.a.z']);
  const history = await readHistory(connection, prefix);
  expect([...history.writes(0, store.cache.revision)].map(({ key }) => key)).toEqual(keys);
  expect(history.holes).toEqual([]);
  await store.close();
});

it.each([
  { what: 'altered', spoil: (sealed: Sealed): Sealed => ({ ...sealed, box: `AAAA${sealed.box.slice(4)}` }) },
  { what: 'sealed with another key', spoil: (sealed: Sealed): Sealed => ({ ...sealed, key: 'another' }) },
  { what: 'of a newer format', spoil: (sealed: Sealed): Sealed => ({ ...sealed, v: 2 }) },
  { what: 'no seal at all', spoil: (): unknown => ({}) },
])(
  'a Secret whose seal is $what stays sealed, in the history as in a checkpoint, and the rest is read',
  async ({ what, spoil }) => {
    const prefix = `sealed-${what.length}`;
    const key = clusterKey(randomBytes(32));
    const store = await openStore(connection, prefix, { clusterKey: key });
    const secret = (name: string) =>
      ({ ...pod(name), kind: 'Secret', data: { password: 'aHVudGVyMg==' } }) as unknown as KubeObject;
    const whole = seal('secrets.a.bad', secret('bad'), key, randomBytes(IV_BYTES)) as KubeObject & { sealed: Sealed };
    await store.ports.put({ key: 'secrets.a.good', object: secret('good'), expect: 0, requestId: 'good' });
    const { objects, history } = bucketNames(prefix);
    await jetstream(connection).publish(
      `$KV.${objects}.secrets.a.bad`,
      JSON.stringify({ ...whole, sealed: spoil(whole.sealed) }),
    );
    const { revision } = await store.ports.fresh({});
    const data = (from: { readonly entries: Iterable<CacheEntry> }) =>
      Object.fromEntries([...from.entries].map(({ key, object }) => [key, 'data' in object]));
    const expected = { 'secrets.a.good': true, 'secrets.a.bad': false };
    expect(data({ entries: store.cache.entries() })).toEqual(expected);
    const read = async () => data({ entries: (await readHistory(connection, prefix, key)).stateAt(revision) });
    expect(await read()).toEqual(expected);

    const manager = await jetstreamManager(connection, { checkAPI: false });
    expect(await new Checkpoints({ connection, manager, prefix, clusterKey: key }).write(store.cache)).toBe(true);
    await store.ports.put({ key: 'pods.a.x', object: pod('x'), expect: 0, requestId: 'x' }); // so that it is a hole
    await manager.streams.purge(history, { filter: `$KV.${objects}.secrets.a.bad` });
    expect(await read()).toEqual(expected);
    await store.close();
  },
);
