import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { ConfigMap } from '../../contracts/kinds/kinds.ts';
import { MASTER } from '../../ops/boot/home/cluster.ts';
import { launcher } from '../../ops/boot/home/project-root.ts';
import { seedFile } from '../../ops/boot/users/users.ts';
import { watchObjects } from '../../ops/client/watch.ts';
import { checkHome } from '../../ops/replay/play/check-home.ts';
import { CLUSTER_MS, type ProcessCluster, startProcessCluster } from '../support/cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { NAMESPACE } from '../support/workloads.ts';

vi.setConfig({ hookTimeout: CLUSTER_MS });

/*
 * Goal: two api-servers share the load, and the death of one costs no acknowledged write, makes no second one, and ends no
 * watch.
 * Method: clients create objects without names, each with a mark of its own, as fast as answers come; half-way one master
 * is killed with SIGKILL.
 */

const STORY_MS = 120_000;
const CREATORS = 8;
const WATCHERS = 4;
/** Enough for both to serve many; and as many again after the kill. */
const BEFORE = 400;
const AFTER = 400;
let cluster: ProcessCluster;
let second: ChildProcess | undefined;

beforeAll(async () => {
  cluster = await startProcessCluster('two');
  const { url } = cluster.client;
  second = spawn(process.execPath, [launcher, 'master'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      TROUPE_HOME: cluster.paths.home,
      TROUPE_URL: url,
      TROUPE_USER: MASTER,
      TROUPE_NKEY: seedFile(cluster.paths, MASTER),
      TROUPE_INSTANCE: 'second',
    },
  });
  await waitUntil('both api-servers serve', 30_000, async () => (await servers()).length === 2);
});
afterAll(async () => {
  if (second !== undefined && second.exitCode === null && second.signalCode === null) {
    second.kill('SIGTERM');
    await once(second, 'exit');
  }
  await cluster?.remove();
});

/** What each api-server says of itself, as `nats micro stats` finds it: how many requests it has had. */
async function servers(): Promise<readonly number[]> {
  const found: number[] = [];
  const answers = await cluster.client.connection.requestMany('$SRV.STATS', '', {
    strategy: 'stall',
    maxWait: 1_000,
    stall: 100,
  });
  for await (const message of answers) {
    const { name, endpoints } = message.json<{ name: string; endpoints?: readonly Endpoint[] }>();
    const asked = endpoints?.find((endpoint) => endpoint.name === 'api')?.num_requests;
    if (name.endsWith('api-server') && asked !== undefined) found.push(asked);
  }
  return found;
}
interface Endpoint {
  readonly name: string;
  readonly num_requests: number;
}

const markOf = ({ data }: ConfigMap): string => data?.['mark'] ?? '';

it('loses nothing and does nothing twice when one of two api-servers is killed', { timeout: STORY_MS }, async () => {
  const { client } = cluster;
  const acknowledged: string[] = [];
  const tried = new Set<string>();
  const leave = new AbortController();
  const seen = Array.from({ length: WATCHERS }, () => new Map<string, number>());
  const watching = seen.map(async (marks) => {
    const events = watchObjects<ConfigMap>(
      client,
      'configmaps',
      { namespace: NAMESPACE },
      {
        signal: leave.signal,
        silenceMs: 8_000,
      },
    );
    for await (const { type, object } of events) {
      if (type === 'ADDED' && markOf(object) !== '') marks.set(markOf(object), (marks.get(markOf(object)) ?? 0) + 1);
    }
  });
  try {
    let enough = BEFORE;
    const create = async (creator: number): Promise<void> => {
      for (let count = 0; acknowledged.length < enough; count++) {
        const mark = `${creator}-${count}`;
        tried.add(mark);
        const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'mark-' }, data: { mark } };
        try {
          await client.request('create', 'configmaps', { namespace: NAMESPACE }, object, { timeoutMs: 2_000 });
          acknowledged.push(mark);
        } catch {
          if (client.connection.isClosed()) return; // not acknowledged: it may be there or not
        }
      }
    };
    const creating = Array.from({ length: CREATORS }, (_, creator) => create(creator));
    const before = await servers();
    await waitUntil('half of them are created', 30_000, () => acknowledged.length >= BEFORE / 2);
    const asked = await servers();
    expect(asked.length).toBe(2);
    // In whatever order they answer: the one that was asked most before was asked more since, and so was the other.
    const [less = 0, more = 0] = [...asked].sort((a, b) => a - b);
    expect(less).toBeGreaterThan(Math.min(...before) + BEFORE / 20);
    expect(more).toBeGreaterThan(Math.max(...before) + BEFORE / 20);
    enough = BEFORE / 2 + AFTER;
    await cluster.kill9('master');
    await Promise.all(creating);

    const { items } = await client.list<ConfigMap>('configmaps', { namespace: NAMESPACE });
    const stored = items.map(markOf).filter((mark) => mark !== '');
    expect(acknowledged.filter((mark) => !stored.includes(mark))).toEqual([]);
    expect(stored.filter((mark, at) => stored.indexOf(mark) !== at)).toEqual([]);
    expect(stored.filter((mark) => !tried.has(mark))).toEqual([]);
    // What is in the store reaches every watch, once: also those that the killed server served.
    await waitUntil('every watch has seen everything', 40_000, () =>
      seen.every((marks) => marks.size === stored.length),
    );
    for (const marks of seen) expect([...marks].filter(([, times]) => times !== 1)).toEqual([]);
  } finally {
    leave.abort();
    await Promise.all(watching);
  }
  await waitUntil('the killed one is back', 30_000, async () => (await servers()).length === 2);
  await cluster.troupe('get', 'configmaps', '-o', 'name');

  second?.kill('SIGTERM');
  if (second !== undefined) await once(second, 'exit');
  await cluster.down();
  const checked = await checkHome(cluster.paths.home, { actor: 'api-server' });
  expect(checked.filter(({ divergence, problem }) => divergence !== undefined || problem !== undefined)).toEqual([]);
  expect(checked.map(({ turns }) => turns > 1)).toEqual([true, true, true]);
});
