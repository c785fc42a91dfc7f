import type { Pod } from '../../contracts/kinds/kinds.ts';
import type { Client } from '../client/client.ts';
import { watchObjects } from '../client/watch.ts';
import type { BenchOptions } from './bench-case.ts';
import { inFlight, until } from './drive.ts';
import { nodesReady } from './kubelets.ts';
import { namespaceOf, nodeOf } from './objects.ts';
import { inPairs, type Pair, ratioNote, ratios } from './pairs.ts';
import { createPaced, createPods, isBound, NAMESPACE, podsOf } from './pods-seen.ts';
import { type CpuUsed, cpuMeter, cpuNote } from './process-figures.ts';
import { median, perSecond, type Report, rate, spread } from './report.ts';
import { type Stage, startStage } from './stage.ts';
import { sized } from './tiny.ts';

export const NODES = sized(1_000, 10);
export const PODS = sized(5_000, 50);
export const CREATORS = 32;
export const SLOWLY = { prefix: 'slow', perSecond: 100, count: sized(1_500, 20) };
export const WARM_PODS = sized(300, 10);
const PAIRS = sized(3, 1);

interface Once {
  readonly podsPerSecond: number;
  readonly cpu: CpuUsed;
  /** Milliseconds from each create to its binding, seen on `troupe.changes`. */
  readonly changes: readonly number[];
  /** The same, seen by an api watch. */
  readonly watch: readonly number[];
}

/** Create -> bound on a thousand nodes that only send heartbeats. */
export async function benchSchedule({ profile, pairs: wanted = PAIRS }: BenchOptions): Promise<Report> {
  const pairs = await inPairs(wanted, (record) => onceThrough(record, record ? profile : undefined));
  const speed = ratios(pairs, (side) => side.podsPerSecond);
  const cpu = ratios(pairs, ({ cpu: { masterUs, natsUs } }) => masterUs + natsUs);
  const aim = 'p50 < 4 ms, p99 < 20 ms';
  return {
    title: `schedule: ${PODS} pods on ${NODES} nodes (Node objects and heartbeats), ${CREATORS} creators; the peer is the same without recording; medians of ${wanted} pairs, latencies of all their pods`,
    rows: [
      {
        what: 'create -> bound, recorded',
        figure: perSecond(middle(pairs, 'recorded', (side) => side.podsPerSecond)),
        peer: perSecond(middle(pairs, 'unrecorded', (side) => side.podsPerSecond)),
        ratio: median(speed),
        aim: '>= 700/s, ratio >= 0.9',
      },
      {
        what: `at ${SLOWLY.perSecond} pods/s, seen on troupe.changes`,
        figure: spread(pairs.flatMap(({ recorded }) => recorded.changes)),
        peer: spread(pairs.flatMap(({ unrecorded }) => unrecorded.changes)),
        aim,
      },
      {
        what: `at ${SLOWLY.perSecond} pods/s, seen by an api watch`,
        figure: spread(pairs.flatMap(({ recorded }) => recorded.watch)),
        peer: spread(pairs.flatMap(({ unrecorded }) => unrecorded.watch)),
        aim,
      },
    ],
    notes: [
      `create -> bound, recorded, run by run: ${pairs.map(({ recorded }) => perSecond(recorded.podsPerSecond)).join(', ')}`,
      `on troupe.changes, recorded, run by run: ${pairs.map(({ recorded }) => spread(recorded.changes)).join('; ')}`,
      ratioNote('pods/s', speed),
      ratioNote('CPU a pod, master and nats-server', cpu),
      ...pairs.flatMap(({ recorded, unrecorded }) => [
        cpuNote('a pod, recorded', recorded.cpu),
        cpuNote('a pod, not recorded', unrecorded.cpu),
      ]),
    ],
  };
}

const middle = <T>(pairs: readonly Pair<T>[], which: keyof Pair<T>, figure: (side: T) => number): number =>
  median(pairs.map((pair) => figure(pair[which])));

async function onceThrough(record: boolean, profile: string | undefined): Promise<Once> {
  const stage = await startStage({ record, profile });
  try {
    await makeNodes(stage);
    await stage.client.create('namespaces', undefined, namespaceOf(NAMESPACE));
    await bindAll(stage.client, WARM_PODS, 'warm');
    const used = cpuMeter(stage.pids);
    const tookMs = await bindAll(stage.client, PODS, 'pod');
    const cpu = used(PODS);
    return { podsPerSecond: rate(PODS, tookMs), cpu, ...(await bindSlowly(stage.client)) };
  } finally {
    await stage.stop();
  }
}

/** Creates the nodes and starts their heartbeats; waits until all accept pods. */
export async function makeNodes(stage: Stage, count = NODES): Promise<void> {
  stage.child('nodes', 'stub-nodes', { BENCH_NODES: String(count) });
  await inFlight(32, count, (n) => stage.client.create('nodes', undefined, nodeOf(`node-${n}`)));
  await nodesReady(stage.client, count);
}

/** @returns milliseconds from the first create to the last binding seen */
export async function bindAll(client: Client, count: number, prefix: string): Promise<number> {
  return (await createPods(podsOf(client), { count, prefix, creators: CREATORS }, { bound: isBound })).bound;
}

/** Milliseconds from each create to its binding, seen in two ways. */
async function bindSlowly(client: Client): Promise<Pick<Once, 'changes' | 'watch'>> {
  const watched = new Map<string, number>();
  const ended = new AbortController();
  const { metadata } = await client.list<Pod>('pods', { namespace: NAMESPACE }, { limit: 1 });
  const watching = followWatch(client, metadata.resourceVersion, ended.signal, (name) => {
    if (!watched.has(name)) watched.set(name, performance.now());
  });
  const { asked, tookMs } = await createPaced(podsOf(client), SLOWLY, { bound: isBound });
  await until('the api watch has seen the slow pods bound', 30_000, () => watched.size === SLOWLY.count);
  ended.abort();
  await watching;
  const watch = [...watched].map(([name, at]) => at - (asked.get(name) ?? Number.NaN));
  return { changes: tookMs.bound, watch };
}

async function followWatch(
  client: Client,
  resourceVersion: string,
  signal: AbortSignal,
  bound: (name: string) => void,
): Promise<void> {
  const from = { apiVersion: 'v1', kind: 'PodList', metadata: { resourceVersion }, items: [] };
  for await (const { object } of watchObjects<Pod>(client, 'pods', { namespace: NAMESPACE }, { from, signal })) {
    if (isBound(object)) bound(object.metadata?.name ?? '');
  }
}
