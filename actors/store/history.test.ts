import { randomBytes } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import fc from 'fast-check';
import { headers, type NatsConnection } from 'nats';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { BUILT_IN } from '../../contracts/kinds/registry.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';
import { clusterKey } from '../../contracts/store/sealed.ts';
import { readHistory } from '../../ops/replay/read/read-history.ts';
import { writeJournal } from '../../test/support/journal-stream.ts';
import type { TestNatsServer } from '../../test/support/nats-server.ts';
import { readFilesBelow } from '../../test/support/read-files.ts';
import { openStore, type TestStore } from '../../test/support/store.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { withNats } from '../../test/support/with-nats.ts';
import type { CacheEntry } from '../kernel/view/cache.ts';
import { Checkpoints } from './checkpoints.ts';
import { dropHistoryBefore, dropOld, keptNow } from './retention.ts';
import { RetryingRequests } from './retrying-requests.ts';

let server: TestNatsServer;
let connection: NatsConnection;
let serial = 0;
withNats((own, its) => {
  connection = own;
  server = its;
});

const pod = (name: string, mark: unknown): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, mark }) as unknown as KubeObject;
/** An object as its key says. */
const objectAt = (key: string, mark: unknown): KubeObject => {
  const [resource = '', , name = ''] = key.split('.');
  return { ...pod(name, mark), kind: BUILT_IN.byResource(resource)?.kind ?? '' };
};
let requests = 0;
const request = () => `r${requests++}`;
const sorted = (entries: Iterable<CacheEntry>): readonly CacheEntry[] =>
  [...entries].sort((a, b) => (a.key < b.key ? -1 : 1));

interface Step {
  readonly name: string;
  readonly gone: boolean;
}
/** Writes or deletes, as an api-server does: with what the key has now. */
async function perform(store: TestStore, revisions: Map<string, number>, { name, gone }: Step): Promise<void> {
  const expected = revisions.get(name) ?? 0;
  if (gone && expected === 0) return;
  const { revision } = gone
    ? await store.ports.purge({ key: name, expect: expected, requestId: request() })
    : await store.ports.put({ key: name, object: objectAt(name, requests), expect: expected, requestId: request() });
  revisions.set(name, gone ? 0 : revision);
}

/** Writes past the driver, and faster than the mirror follows: what the last message rolls up is missing there. */
async function makeHoles(prefix: string): Promise<void> {
  const subject = `$KV.${prefix}-objects.pods.a.busy`;
  const marker = headers();
  marker.set('KV-Operation', 'PURGE');
  marker.set('Nats-Rollup', 'sub');
  for (let each = 0; each < 500; each++) connection.publish(subject, JSON.stringify(pod('busy', each)));
  connection.publish(subject, '', { headers: marker });
  await connection.flush();
}

describe('the history', () => {
  it('and any checkpoint give the state at every revision, as the cache had it', async () => {
    const step = fc.record({
      name: fc.constantFrom('pods.a.x', 'pods.a.y', 'pods.b.x', 'nodes._.n', 'secrets.a.s'),
      gone: fc.boolean(),
    });
    const key = clusterKey(randomBytes(32));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), fc.nat(40), async (steps, checkpointAt) => {
        const prefix = `h${serial++}`;
        const store = await openStore(connection, prefix, { clusterKey: key });
        const manager = await jetstreamManager(connection);
        const checkpoints = new Checkpoints({ connection, manager, prefix, clusterKey: key });
        const revisions = new Map<string, number>();
        let base = 0;
        const states = new Map<number, readonly CacheEntry[]>();
        for (const [at, each] of steps.entries()) {
          await perform(store, revisions, each);
          await store.ports.fresh({});
          states.set(store.cache.revision, sorted(store.cache.entries()));
          if (at !== checkpointAt) continue;
          expect(await checkpoints.write(store.cache)).toBe(true);
          base = store.cache.revision;
        }
        const whole = await readHistory(connection, prefix, key);
        for (const [revision, state] of states) expect(sorted(whole.stateAt(revision))).toEqual(state);
        expect(whole.all.map((write) => [write.key, write.revision, write.object])).toEqual(
          store.changes.map((change) => [change.key, change.revision, change.after]),
        );
        await dropHistoryBefore(manager, checkpoints, prefix, base);
        const rest = await readHistory(connection, prefix, key);
        for (const [revision, state] of states)
          if (revision >= base) expect(sorted(rest.stateAt(revision))).toEqual(state);
        await store.close();
        for (const stream of [`KV_${prefix}-objects`, `${prefix}-history`]) await manager.streams.delete(stream);
      }),
      {
        numRuns: 12,
        endOnFailure: true, // every run has streams of its own
        // Everything is dropped, up to a checkpoint of the newest revision.
        examples: [[[{ name: 'pods.a.x', gone: false }], 0]],
      },
    );
  });

  it('misses nothing of keys that are created, changed and deleted as fast as the store answers', async () => {
    const prefix = `h${serial++}`;
    const store = await openStore(connection, prefix);
    const lane = async (_: unknown, which: number): Promise<void> => {
      const revisions = new Map<string, number>();
      for (let round = 0; round < 60; round++) {
        await perform(store, revisions, { name: `pods.a.busy${which}`, gone: round % 4 === 3 });
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    const manager = await jetstreamManager(connection);
    const mirror = await waitUntil('the mirror is there', 10_000, async () => {
      const { state } = await manager.streams.info(`${prefix}-history`);
      return state.last_seq === 480 && state;
    });
    expect({ messages: mirror.messages, holes: mirror.num_deleted ?? 0 }).toEqual({ messages: 480, holes: 0 });
    expect(store.stats().unmirrored).toBe(0);
    await store.close();
  });

  it('counts its holes, and raises an alarm, when others write past the driver', async () => {
    const prefix = `h${serial++}`;
    const store = await openStore(connection, prefix, { checkEveryMs: 50 });
    await waitUntil('a hole is counted', 10_000, async () => {
      await makeHoles(prefix);
      return store.stats().historyHoles > 0;
    });
    expect(store.reports.find((report) => report.startsWith('history'))).toMatch(/lacks \d+ revisions; a replay/);
    await store.close();
  });

  it('goes on after a hole from a checkpoint that is taken at once', async () => {
    const prefix = `h${serial++}`;
    const told: number[] = [];
    const store = await openStore(connection, prefix, { checkEveryMs: 50, onHole: (revision) => told.push(revision) });
    await waitUntil('a hole is told of', 10_000, async () => {
      await makeHoles(prefix);
      return told.length > 0;
    });
    const { revision } = await store.ports.put({
      key: 'pods.a.y',
      object: pod('y', 1),
      expect: 0,
      requestId: request(),
    });
    await waitUntil('every hole is mended', 10_000, async () => {
      const history = await readHistory(connection, prefix);
      return history.missing(revision) === undefined && history.holes.length > 0;
    });
    expect(store.cache.revision).toBeGreaterThanOrEqual(told.at(-1) ?? Number.POSITIVE_INFINITY);
    await store.close();
  });
});

it('a hole that no checkpoint can follow keeps nothing else of the housekeeping from being done', async () => {
  const prefix = `h${serial++}`;
  const store = await openStore(connection, prefix, { checkEveryMs: 50 });
  const manager = await jetstreamManager(connection);
  await manager.streams.update(bucketNames(prefix).checkpoints, { max_msg_size: 10 });
  await store.ports.put({ key: 'pods.a.y', object: pod('y', 1), expect: 0, requestId: request() });
  await waitUntil('a checkpoint is refused', 10_000, async () => {
    await makeHoles(prefix);
    return store.reports.some((report) => report.startsWith('checkpoint'));
  });
  const { checked } = store.stats();
  await waitUntil('it goes on checking', 10_000, async () => store.stats().checked > checked + 2);
  await store.close();
});

describe('checkpoints', () => {
  it('come by themselves after enough changes, in chunks, and one writer at a time', async () => {
    const prefix = `h${serial++}`;
    const stores = [
      await openStore(connection, prefix, { checkpointChangesMin: 30, checkEveryMs: 500 }),
      await openStore(connection, prefix, { checkpointChangesMin: 30, checkEveryMs: 500 }),
    ];
    const big = 'x'.repeat(100_000);
    await Promise.all(
      stores.flatMap((store, which) =>
        Array.from({ length: 30 }, async (_, each) => {
          const name = `p${which}-${each}`;
          const object = pod(name, big);
          await store.ports.put({ key: `pods.a.${name}`, object, expect: 0, requestId: request() });
        }),
      ),
    );
    const manager = await jetstreamManager(connection);
    const checkpoints = new Checkpoints({ connection, manager, prefix });
    const whole = await waitUntil('a checkpoint', 10_000, async () =>
      (await checkpoints.names()).find((name) => name.whole),
    );
    const objects = whole.revision;
    expect(whole.chunks).toHaveLength(Math.ceil(objects / 10));
    const read = await checkpoints.read(10_000);
    expect(read?.entries.length).toBeGreaterThanOrEqual(30);
    expect(await checkpoints.read(whole.revision - 1)).toBeUndefined();
    for (const store of stores) await store.close();
  });

  it('of which only one is written when two begin at once', async () => {
    const prefix = `h${serial++}`;
    const store = await openStore(connection, prefix);
    const revisions = new Map<string, number>();
    for (const name of ['pods.a.x', 'pods.a.y']) await perform(store, revisions, { name, gone: false });
    await store.ports.fresh({});
    const manager = await jetstreamManager(connection);
    const checkpoints = new Checkpoints({ connection, manager, prefix });
    const written = await Promise.all([checkpoints.write(store.cache), checkpoints.write(store.cache)]);
    expect(written.filter(Boolean)).toHaveLength(1);
    expect((await checkpoints.read(2))?.entries).toHaveLength(2);
    await store.close();
  });
});

describe('dropping what no journal refers to', () => {
  it('leaves the checkpoint that is kept, and everything after it', async () => {
    const prefix = `h${serial++}`;
    const store = await openStore(connection, prefix);
    const revisions = new Map<string, number>();
    const manager = await jetstreamManager(connection);
    const checkpoints = new Checkpoints({ connection, manager, prefix });
    for (const name of ['pods.a.x', 'pods.a.y', 'pods.a.z']) {
      await perform(store, revisions, { name, gone: false });
      await store.ports.fresh({});
      expect(await checkpoints.write(store.cache)).toBe(true);
    }
    await perform(store, revisions, { name: 'pods.a.x', gone: true });
    await readHistory(connection, prefix); // waits for the mirror
    await dropHistoryBefore(manager, checkpoints, prefix, 2);
    expect((await checkpoints.names()).map((name) => name.revision)).toEqual([2, 3]);
    const history = await readHistory(connection, prefix);
    expect([...history.stateAt(2)]).toHaveLength(2);
    expect(sorted(history.stateAt(4)).map((entry) => entry.key)).toEqual(['pods.a.y', 'pods.a.z']);
    expect(history.missing(1)).toEqual({ first: 1, last: 2 });
    await store.close();
  });
});

describe('what is kept has one bound', () => {
  it('too large together: the journal is cut, and then the history that no record needs any more', async () => {
    const prefix = `h${serial++}`;
    const store = await openStore(connection, prefix);
    const manager = await jetstreamManager(connection);
    const checkpoints = new Checkpoints({ connection, manager, prefix });
    const requests = new RetryingRequests(connection);
    const options = { connection, manager, requests, prefix, checkpoints, deadlineMs: 5_000 };
    const put = async (name: string): Promise<number> => {
      const object = {
        kind: 'Pod',
        metadata: { name, namespace: 'a' },
        note: 'x'.repeat(60_000),
      } as unknown as KubeObject;
      const { revision } = await store.ports.put({ key: `pods.a.${name}`, object, expect: 0, requestId: request() });
      await store.ports.fresh({});
      return revision;
    };
    await put('one');
    const at = await put('two');
    expect(await checkpoints.write(store.cache)).toBe(true);
    const last = await put('three');
    await waitUntil('the mirror is there', 5_000, async () => {
      return (await manager.streams.info(`${prefix}-history`)).state.last_seq === last;
    });
    const place = { actor: 'a', instance: 'b' };
    for (let n = 0; n < 9; n++) await writeJournal(connection, prefix, place, new Uint8Array(100_000));
    const kept = async () => {
      const { journal, bytes, keep } = await keptNow({ manager, prefix });
      const { state } = await manager.streams.info(`${prefix}-history`);
      return { records: journal.state.messages, history: state.first_seq, tooLarge: bytes > keep.maxBytes };
    };
    expect(await kept()).toEqual({ records: 9, history: 1, tooLarge: true });
    await dropOld(options); // what is younger than what a record may look back to stays, however large
    expect(await kept()).toEqual({ records: 9, history: 1, tooLarge: true });
    await dropOld({ ...options, now: () => Date.now() + 3_600_000 });
    expect(await kept()).toEqual({ records: 0, history: at + 1, tooLarge: false });
    const history = await readHistory(connection, prefix);
    expect(sorted(history.stateAt(last)).map((entry) => entry.key)).toEqual([
      'pods.a.one',
      'pods.a.three',
      'pods.a.two',
    ]);
    await store.close();
  });
});

describe('secret data', () => {
  it('is nowhere in clear: not in the bucket, the changes, the mirror, a checkpoint, nor on the disk', async () => {
    const prefix = `h${serial++}`;
    const key = clusterKey(randomBytes(32));
    const heard: string[] = [];
    connection.subscribe(`${prefix}.changes.>`, { callback: (_, message) => void heard.push(message.string()) });
    const store = await openStore(connection, prefix, { clusterKey: key });
    const words = ['correct-horse-battery', Buffer.from('correct-horse-battery').toString('base64')];
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'a' },
      data: { password: words[1] },
      stringData: { password: words[0] },
    } as unknown as KubeObject;
    const at = 'secrets.a.s';
    const { revision } = await store.ports.put({ key: at, object: secret, expect: 0, requestId: request() });
    await store.ports.reached({ revision });
    expect(store.cache.at(at)).toMatchObject({ data: { password: words[1] } });
    const manager = await jetstreamManager(connection);
    await new Checkpoints({ connection, manager, prefix, clusterKey: key }).write(store.cache);
    await waitUntil('the mirror is there', 5_000, async () => {
      return (await manager.streams.info(`${prefix}-history`)).state.messages === 1;
    });
    await waitUntil('the change is heard', 5_000, () => heard.length === 1);
    const stored: string[] = [...heard];
    for (const stream of [`KV_${prefix}-objects`, `${prefix}-history`, `${prefix}-checkpoints`]) {
      const { state } = await manager.streams.info(stream);
      for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
        stored.push((await manager.streams.getMessage(stream, { seq }))?.string() ?? '');
      }
    }
    expect(stored).toHaveLength(5);
    const bytes = readFilesBelow(server.storeDir);
    expect(bytes.join('')).toContain('"sealed"');
    for (const word of words) {
      expect(stored.filter((text) => text.includes(word))).toEqual([]);
      expect(bytes.filter((text) => text.includes(word))).toEqual([]);
    }
    const [entry] = (await readHistory(connection, prefix, key)).stateAt(revision);
    expect(entry).toEqual({ key: at, revision, object: store.cache.at(at) });
    await store.close();
  });

  it('cannot be written without the key, nor a store with sealed secrets be opened without it', async () => {
    const prefix = `h${serial++}`;
    const key = clusterKey(randomBytes(32));
    const store = await openStore(connection, prefix, { clusterKey: key });
    const keyless = await openStore(connection, prefix);
    const write = { key: 'secrets.a.s', object: objectAt('secrets.a.s', 0), expect: 0, requestId: request() };
    await expect(keyless.ports.put(write)).rejects.toThrow(/no cluster key.* start it with the cluster's key/);
    await store.ports.put(write);
    await expect(openStore(connection, prefix)).rejects.toThrow(/is sealed .* start it with the cluster's key/);
    await store.close();
    await keyless.close();
  });
});
