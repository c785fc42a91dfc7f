import { expect, it, vi } from 'vitest';
import type { ConfigMap, KubeObject, Pod } from '../../contracts/kinds/kinds.ts';
import type { KubeList, WatchEvent } from '../../contracts/messages/api.ts';
import type { Client } from '../../ops/client/client.ts';
import { watchObjects } from '../../ops/client/watch.ts';
import { expectRefused } from '../support/expect-refused.ts';
import { openWatch } from '../support/open-watch.ts';
import { expectReplays, startSimulatedCluster } from '../support/simulated-cluster.ts';
import { onCluster, STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';

vi.setConfig({ testTimeout: STORY_MS });

const WITHIN_MS = 20_000;
const HERE = { namespace: 'default' };
const at = (name: string) => ({ ...HERE, name });
const revisionOf = ({ metadata }: KubeObject): string => metadata?.resourceVersion ?? '';
type Mark = Extract<WatchEvent, { readonly type: 'BOOKMARK' }>;
const isMark = (event: WatchEvent): event is Mark => event.type === 'BOOKMARK';

const create = (client: Client, name: string, labels: Readonly<Record<string, string>> = {}) =>
  client.create<ConfigMap>('configmaps', 'default', { metadata: { name, labels }, data: { n: '0' } });
const write = (client: Client, name: string, n: number) =>
  client.patch<ConfigMap>('configmaps', at(name), { data: { n: String(n) } });

/*
 * Goal: whoever lists and then watches misses nothing and hears nothing twice, also when it was away in between.
 * Method: changes before, between and during watches; every watch must tell exactly those after the revision it names.
 */
it.concurrent(
  'a watch goes on from a list, an object or a bookmark, and tells each change once, in order',
  onCluster({}, async ({ client }) => {
    const a = await create(client, 'a', { app: 'x' });
    const list = await client.list<ConfigMap>('configmaps', HERE);
    expect(list.items.map(revisionOf)).toEqual([revisionOf(a)]);
    const b = await create(client, 'b');
    await write(client, 'a', 1);
    const fromList = await openWatch<ConfigMap>(client, 'configmaps', HERE, {
      resourceVersion: list.metadata.resourceVersion,
    });
    await client.delete('configmaps', at('b'));
    await create(client, 'c', { app: 'x' });
    await fromList.until('c is told', ({ type, object }) => type === 'ADDED' && object.metadata?.name === 'c');
    expect(fromList.told()).toEqual(['BOOKMARK', 'ADDED b', 'MODIFIED a', 'DELETED b', 'ADDED c']);
    const [, , , deleted] = fromList.events as WatchEvent<ConfigMap>[];
    expect(deleted?.object).toMatchObject({ metadata: { uid: b.metadata?.uid }, data: { n: '0' } });
    const told = (fromList.events as WatchEvent<ConfigMap>[]).map(({ object }) =>
      Number((object as ConfigMap).metadata?.resourceVersion),
    );
    expect(told).toEqual([...told].sort((x, y) => x - y));
    expect(new Set(told).size).toBe(told.length);
    fromList.close();

    // From an object's own revision: what came after it, the object itself not again.
    const fromObject = await openWatch<ConfigMap>(client, 'configmaps', HERE, { resourceVersion: revisionOf(b) });
    await fromObject.until('c is told', ({ object }) => (object as ConfigMap).metadata?.name === 'c');
    expect(fromObject.told()).toEqual(['BOOKMARK', 'MODIFIED a', 'DELETED b', 'ADDED c']);
    fromObject.close();

    // From the beginning: what is there, then the changes.
    const all = await openWatch<ConfigMap>(client, 'configmaps', HERE, { sendInitialEvents: true });
    const initialEnd = await all.until(
      'the first events end',
      (event) => isMark(event) && event.object.metadata.annotations !== undefined,
    );
    expect(initialEnd).toMatchObject({
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    expect(all.told()).toEqual(['BOOKMARK', 'ADDED a', 'ADDED c', 'BOOKMARK']);
    await write(client, 'c', 1);
    await all.until('the change is told', ({ type }) => type === 'MODIFIED');

    // An object that begins or stops to match comes and goes; others are not heard of.
    const chosen = await openWatch<ConfigMap>(client, 'configmaps', HERE, {
      labelSelector: 'app=x',
      resourceVersion: '0',
    });
    await create(client, 'd');
    await client.patch('configmaps', at('d'), { metadata: { labels: { app: 'x' } } });
    await client.patch('configmaps', at('a'), { metadata: { labels: { app: null } } });
    await write(client, 'a', 2);
    await client.delete('configmaps', at('d'));
    await chosen.until(
      'd goes',
      ({ type, object }) => type === 'DELETED' && (object as ConfigMap).metadata?.name === 'd',
    );
    expect(chosen.told()).toEqual(['BOOKMARK', 'ADDED a', 'ADDED c', 'ADDED d', 'DELETED a', 'DELETED d']);

    const one = await openWatch<ConfigMap>(client, 'configmaps', HERE, {
      fieldSelector: 'metadata.name=c',
      resourceVersion: '0',
    });
    const named = await openWatch<ConfigMap>(client, 'configmaps', at('c'), { resourceVersion: '0' });
    const everywhere = await openWatch<ConfigMap>(
      client,
      'configmaps',
      {},
      { resourceVersion: (await client.list('configmaps', {})).metadata.resourceVersion },
    );
    await client.create('namespaces', undefined, { metadata: { name: 'far' } });
    await client.create('configmaps', 'far', { metadata: { name: 'c' } });
    await client.delete('configmaps', at('c'));
    for (const watch of [one, named, everywhere]) await watch.until('c goes', ({ type }) => type === 'DELETED');
    expect(one.told()).toEqual(['BOOKMARK', 'ADDED c', 'DELETED c']);
    expect(named.told()).toEqual(['BOOKMARK', 'ADDED c', 'DELETED c']);
    expect(everywhere.told()).toEqual(['BOOKMARK', 'ADDED c', 'DELETED c']);
  }),
);

/*
 * Goal: a watch that lasts says how far it is, so that its reader can go on from there, and ends when it should; a reader
 * that falls behind costs the server nothing.
 * Method: bookmarks every 100 ms; one reader answers them, one does not; more events than may be unanswered.
 */
it.concurrent(
  'bookmarks tell how far a watch is; its time ends it with END, a slow reader ends with 410 and lists again',
  onCluster(
    { limits: { bookmarkEveryMs: 100, unacknowledged: 20, bookmarkEveryEvents: 5, missedBookmarks: 50 } },
    async ({ client }) => {
      await create(client, 'a');
      const quiet = await openWatch<ConfigMap>(client, 'configmaps', at('a'), {
        resourceVersion: '0',
        timeoutSeconds: 2,
      });
      const other = await client.create<ConfigMap>('configmaps', 'default', { metadata: { name: 'other' } });
      // Nothing that it tells happens, and yet it knows that the cluster went on.
      await quiet.until(
        'a bookmark of later',
        (event) => isMark(event) && Number(event.object.metadata.resourceVersion) >= Number(revisionOf(other)),
      );

      const patient = await openWatch<ConfigMap>(client, 'configmaps', HERE, {});
      const slow = await openWatch<ConfigMap>(client, 'configmaps', HERE, {}, { answers: false });
      for (let n = 1; n <= 60; n++) await write(client, 'a', n);
      const error = await slow.until('the slow reader is told to list again', ({ type }) => type === 'ERROR');
      expect(error.object).toMatchObject({
        kind: 'Status',
        code: 410,
        reason: 'Expired',
        message: expect.stringMatching(/not acknowledged.*list again/),
      });
      await patient.until('the patient one hears all', ({ object }) => (object as ConfigMap).data?.n === '60');
      expect(patient.told().filter((words) => words === 'MODIFIED a')).toHaveLength(60);
      expect(slow.events.at(-1)).toBe(error);
      expect(slow.told().filter((words) => words === 'MODIFIED a').length).toBeLessThan(60);

      const end = await quiet.until('time is up', ({ type }) => type === 'END');
      await write(client, 'a', 61);
      const again = await openWatch<ConfigMap>(client, 'configmaps', at('a'), {
        resourceVersion: revisionOf(end.object as ConfigMap),
      });
      await again.until('what came after', ({ object }) => (object as ConfigMap).data?.n === '61');
      const heard = [quiet, again].flatMap(({ events }) => events as WatchEvent<ConfigMap>[]);
      const written = heard
        .filter(({ type }) => type === 'MODIFIED')
        .map(({ object }) => (object as ConfigMap).data?.n);
      expect(written).toEqual(Array.from({ length: 61 }, (_, n) => String(n + 1))); // each once, by one or the other
    },
  ),
);

/*
 * Goal: a master that is stopped in order leaves nobody waiting, neither who watches nor who has asked.
 * Method: two masters share readers who would put up with ten minutes' silence, and writers; one of the two is stopped.
 */
it.concurrent(
  'a master that is stopped answers what it was asked, and tells its readers where to go on',
  onCluster({}, async (cluster) => {
    const { client } = cluster;
    await cluster.startMaster('m2');
    await create(client, 'a');
    const from = await client.list<ConfigMap>('configmaps', HERE);
    const readers = Array.from({ length: 12 }, () => {
      const abort = new AbortController();
      const options = { from, fieldSelector: 'metadata.name=a', signal: abort.signal, silenceMs: 600_000 };
      const heard: string[] = [];
      const reading = (async () => {
        for await (const { object } of watchObjects<ConfigMap>(client, 'configmaps', HERE, options))
          heard.push(object.data?.['n'] ?? '');
      })();
      return { abort, heard, reading };
    });
    const allHeard = (what: string) =>
      waitUntil(`all heard ${what}`, WITHIN_MS, () => readers.every(({ heard }) => heard.join() === what));
    await write(client, 'a', 1);
    await allHeard('1');

    const writing = Promise.all(Array.from({ length: 24 }, (_, n) => create(client, `b${n}`)));
    await cluster.stopMaster('m2');
    await writing;
    await write(client, 'a', 2);
    await allHeard('1,2');
    for (const { abort } of readers) abort.abort();
    await Promise.all(readers.map(({ reading }) => reading));
  }),
);

/*
 * Goal: nobody waits for an api-server that has forgotten them.
 * Method: a master's cache is listed anew, as after a gap, so that its actors begin anew; watches are open that would put up
 * with any silence.
 */
it.concurrent('when an api-server begins anew its watches end with 410 at once, and readers miss nothing', async () => {
  const cluster = await startSimulatedCluster();
  try {
    const { client, master } = cluster;
    await create(client, 'a');
    const objects = await openWatch<ConfigMap>(client, 'configmaps', HERE, {});
    const events = await openWatch(client, 'events', HERE, {});
    const abort = new AbortController();
    const heard: string[] = [];
    const reading = (async () => {
      const options = { fieldSelector: 'metadata.name=a', signal: abort.signal, silenceMs: 600_000 };
      for await (const { object } of watchObjects<ConfigMap>(client, 'configmaps', HERE, options))
        heard.push(object.data?.['n'] ?? '');
    })();
    await write(client, 'a', 1);
    await waitUntil('the reader reads', WITHIN_MS, () => heard.at(-1) === '1');
    master.host.relisted();
    for (const watch of [objects, events]) {
      const { object } = await watch.until('it ends', ({ type }) => type === 'ERROR');
      expect(object).toMatchObject({ code: 410, reason: 'Expired', message: expect.stringMatching(/began anew/) });
    }
    await write(client, 'a', 2);
    await waitUntil('the reader goes on', WITHIN_MS, () => heard.at(-1) === '2');
    for (const { events: told } of [objects, events]) expect((told.at(-1) as WatchEvent).type).toBe('ERROR');
    abort.abort();
    await reading;
    await expectReplays(cluster);
  } finally {
    await cluster.stop();
  }
});

/*
 * Goal: too old is 410, never a gap; whoever then lists again hears of all that happened meanwhile, once.
 * Method: the master that remembers the changes is replaced by one that does not, while a reader reads.
 */
it.concurrent(
  'after a master is replaced an old revision is refused with 410, and a reader that lists again misses nothing',
  onCluster({ limits: { bookmarkEveryMs: 100 } }, async (cluster) => {
    const { client } = cluster;
    for (const name of ['changes', 'goes', 'stays']) await create(client, name);
    const list = await client.list<ConfigMap>('configmaps', HERE);
    const page = await client.request<KubeList>('list', 'configmaps', HERE, { limit: 1 });
    const garbled = await openWatch(client, 'configmaps', HERE, { resourceVersion: 'abc' });
    expect(garbled.told()).toEqual(['BadRequest 400']);

    const abort = new AbortController();
    const heard: string[] = [];
    const reader = watchObjects<ConfigMap>(client, 'configmaps', HERE, {
      from: list,
      signal: abort.signal,
      silenceMs: 1_000,
      backoffMs: 100,
    });
    const reading = (async () => {
      for await (const { type, object } of reader)
        heard.push(`${type} ${object.metadata?.name ?? ''} ${object.data?.['n'] ?? ''}`);
    })();
    await write(client, 'changes', 1);
    await waitUntil('the reader reads', WITHIN_MS, () => heard.length === 1);

    await cluster.stopMaster('m1');
    await cluster.startMaster('m2');
    await write(client, 'changes', 2);
    await client.delete('configmaps', at('goes'));
    await create(client, 'comes');
    const old = await openWatch(client, 'configmaps', HERE, { resourceVersion: list.metadata.resourceVersion });
    expect(old.told()).toEqual(['Expired 410']);
    expect(old.events[0]).toMatchObject({ message: expect.stringMatching(/too old resource version.*list again/) });
    await expectRefused(
      client.request('list', 'configmaps', HERE, { continue: page.metadata.continue }),
      'Expired',
      /list again/,
    );
    await waitUntil('the reader heard it all', WITHIN_MS, () => heard.length === 4);
    await write(client, 'stays', 3);
    await waitUntil('and goes on', WITHIN_MS, () => heard.length === 5);
    abort.abort();
    await reading;
    expect([heard[0], ...heard.slice(1, 4).sort(), heard[4]]).toEqual([
      'MODIFIED changes 1',
      'ADDED comes 0',
      'DELETED goes 0',
      'MODIFIED changes 2',
      'MODIFIED stays 3',
    ]);
  }),
);

/*
 * Goal: the pages of a list show one moment, whatever happens while they are turned.
 * Method: objects come, change and go between pages; then selectors, limits and marks that make no sense.
 */
it.concurrent(
  'a list in pages is of one moment, however large the pages',
  onCluster({}, async ({ client }) => {
    const names = Array.from({ length: 12 }, (_, n) => `c${String(n).padStart(2, '0')}`);
    for (const [n, name] of names.entries()) await create(client, name, { odd: String(n % 2 === 1) });
    const whole = await client.list<ConfigMap>('configmaps', HERE);
    for (const limit of [1, 5, 11, 12, 13]) {
      let page = await client.request<KubeList<ConfigMap>>('list', 'configmaps', HERE, { limit });
      const items = [...page.items];
      for (let turned = 0; page.metadata.continue !== undefined; turned++) {
        expect(page.items).toHaveLength(limit);
        expect(page.metadata.remainingItemCount).toBe(12 - items.length);
        if (turned === 0) {
          await write(client, 'c11', limit);
          await client.create('configmaps', 'default', { metadata: { name: 'zz' } });
          await client.create('configmaps', 'default', { metadata: { name: 'aa' } });
        }
        page = await client.request<KubeList<ConfigMap>>('list', 'configmaps', HERE, {
          limit,
          continue: page.metadata.continue,
        });
        items.push(...page.items);
      }
      expect(items.map(({ metadata }) => metadata?.name)).toEqual(names);
      await client.request('delete', 'configmaps', HERE, { fieldSelector: 'metadata.name=aa' });
      await client.request('delete', 'configmaps', HERE, { fieldSelector: 'metadata.name=zz' });
    }
    const odd = await client.request<KubeList<ConfigMap>>('list', 'configmaps', HERE, {
      limit: 4,
      labelSelector: 'odd in (true),!none',
    });
    expect([odd.items.length, odd.metadata.remainingItemCount, odd.metadata.continue !== undefined]).toEqual([
      4,
      undefined,
      true,
    ]);
    const rest = await client.request<KubeList<ConfigMap>>('list', 'configmaps', HERE, {
      limit: 4,
      labelSelector: 'odd in (true),!none',
      continue: odd.metadata.continue,
    });
    expect([rest.items.length, rest.metadata.continue]).toEqual([2, undefined]);
    expect(whole.items.map(({ metadata }) => metadata?.uid)).toEqual(
      expect.arrayContaining(rest.items.map(({ metadata }) => metadata?.uid)),
    );
    await expectRefused(client.list('configmaps', HERE, { continue: 'bm90IG91cnM' }), 'BadRequest', /continue/);
    await expectRefused(client.list('configmaps', HERE, { limit: -1 }), 'BadRequest', /limit/);
    await expectRefused(client.list('configmaps', HERE, { labelSelector: 'a in (' }), 'BadRequest');
    await expectRefused(client.list('configmaps', HERE, { fieldSelector: 'data.n=1' }), 'BadRequest', /metadata\.name/);
    await expectRefused(
      client.request('list', 'configmaps', HERE, { limits: 4 }),
      'BadRequest',
      /did you mean "limit"/,
    );
    expect((await client.list<Pod>('pods', { namespace: 'nowhere' })).items).toEqual([]);
    const ahead = client.get('configmaps', at('c00'), { resourceVersion: '999999999' });
    await expectRefused(ahead, 'Timeout', /Too large resource version: 999999999, current: \d+/);
  }),
);
