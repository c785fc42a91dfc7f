import type { Pod } from '../../contracts/kinds/kinds.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { decode } from '../../contracts/codec/codec.ts';
import { untoken } from '../../contracts/subjects/token.ts';
import type { Client } from '../client/client.ts';
import { watchObjects } from '../client/watch.ts';
import type { BenchOptions } from './bench-case.ts';
import { inFlight, paced, until } from './drive.ts';
import { namespaceOf, nodeOf, podOf } from './objects.ts';
import { cpuMeter, cpuNote } from './process-figures.ts';
import { perSecond, rate, type Report, spread } from './report.ts';
import { type Stage, startStage } from './stage.ts';

export const NODES = 1_000;
export const PODS = 5_000;
const CREATORS = 32;
const SLOWLY = { perSecond: 100, count: 1_500 };
export const NAMESPACE = 'bench-schedule';

/** Create -> bound on a thousand nodes that only say that they live. */
export async function benchSchedule(options: BenchOptions): Promise<Report> {
  const recorded = await onceThrough(true, options.profile);
  const unrecorded = await onceThrough(false, undefined);
  return {
    title: `schedule: ${PODS} pods on ${NODES} nodes (Node objects and heartbeats), ${CREATORS} creators; the peer is the same without recording`,
    rows: [
      {
        what: 'create -> bound, recorded',
        figure: perSecond(recorded.podsPerSecond),
        peer: perSecond(unrecorded.podsPerSecond),
        ratio: recorded.podsPerSecond / unrecorded.podsPerSecond,
        aim: '>= 700/s, ratio >= 0.9',
      },
      {
        what: `at ${SLOWLY.perSecond} pods/s, seen on troupe.changes`,
        figure: spread(recorded.changes),
        peer: spread(unrecorded.changes),
        aim: 'p50 < 4 ms, p99 < 20 ms',
      },
      {
        what: `at ${SLOWLY.perSecond} pods/s, seen by an api watch`,
        figure: spread(recorded.watch),
        peer: spread(unrecorded.watch),
        aim: 'p50 < 4 ms, p99 < 20 ms',
      },
    ],
    notes: [cpuNote('a pod, recorded', recorded.cpu), cpuNote('a pod, not recorded', unrecorded.cpu)],
  };
}

async function onceThrough(record: boolean, profile: string | undefined) {
  const stage = await startStage({ record, profile });
  try {
    await makeNodes(stage);
    await stage.client.create('namespaces', undefined, namespaceOf(NAMESPACE));
    await bindAll(stage.client, 300, 'warm');
    const used = cpuMeter(stage.pids);
    const tookMs = await bindAll(stage.client, PODS, 'pod');
    const cpu = used(PODS);
    const slow = await bindSlowly(stage.client);
    return { podsPerSecond: rate(PODS, tookMs), cpu, ...slow };
  } finally {
    await stage.stop();
  }
}

/** Creates the nodes and waits until heartbeats keep them. */
export async function makeNodes(stage: Stage, count = NODES): Promise<void> {
  stage.child('nodes', 'stub-nodes', { BENCH_NODES: String(count) });
  await inFlight(32, count, (n) => stage.client.create('nodes', undefined, nodeOf(`node-${n}`)));
}

/** Tells of every binding as the broker republishes it. @returns how to stop */
export function onBound(client: Client, bound: (name: string) => void): () => void {
  const subject = SUBJECTS.changes.pattern(client.prefix, { resource: 'pods', namespace: NAMESPACE });
  const subscription = client.connection.subscribe(subject, {
    callback: (_error, msg) => {
      if (msg.data.length === 0) return;
      const pod = decode(msg.data) as Pod;
      if ((pod.spec?.nodeName ?? '') !== '') bound(untoken(msg.subject.split('.').at(-1) ?? '') ?? '');
    },
  });
  return () => subscription.unsubscribe();
}

/** @returns milliseconds from the first create to the last binding seen */
export async function bindAll(client: Client, count: number, prefix: string): Promise<number> {
  const waiting = new Set(Array.from({ length: count }, (_, n) => `${prefix}-${n}`));
  const stop = onBound(client, (name) => waiting.delete(name));
  await client.connection.flush();
  const began = performance.now();
  await inFlight(CREATORS, count, (n) => client.create('pods', NAMESPACE, podOf(`${prefix}-${n}`)));
  await until(`${count} pods are bound`, 60_000, () => waiting.size === 0);
  stop();
  return performance.now() - began;
}

/** Milliseconds from each create to its binding, as two kinds of watchers see it. */
async function bindSlowly(client: Client): Promise<{ readonly changes: number[]; readonly watch: number[] }> {
  const asked = new Map<string, number>();
  const changes = new Map<string, number>();
  const watch = new Map<string, number>();
  const note = (seen: Map<string, number>) => (name: string) => {
    const since = asked.get(name);
    if (since !== undefined && !seen.has(name)) seen.set(name, performance.now() - since);
  };
  const stop = onBound(client, note(changes));
  const ended = new AbortController();
  const { metadata } = await client.list<Pod>('pods', { namespace: NAMESPACE }, { limit: 1 });
  const watching = followWatch(client, metadata.resourceVersion, ended.signal, note(watch));
  await client.connection.flush();
  await paced(SLOWLY.perSecond, SLOWLY.count, (n) => {
    asked.set(`slow-${n}`, performance.now());
    return client.create('pods', NAMESPACE, podOf(`slow-${n}`));
  });
  await until('the slow pods are bound', 30_000, () => changes.size === SLOWLY.count && watch.size === SLOWLY.count);
  stop();
  ended.abort();
  await watching;
  return { changes: [...changes.values()], watch: [...watch.values()] };
}

async function followWatch(
  client: Client,
  resourceVersion: string,
  signal: AbortSignal,
  bound: (name: string) => void,
): Promise<void> {
  const from = { apiVersion: 'v1', kind: 'PodList', metadata: { resourceVersion }, items: [] };
  for await (const { object } of watchObjects<Pod>(client, 'pods', { namespace: NAMESPACE }, { from, signal })) {
    if ((object.spec?.nodeName ?? '') !== '') bound(object.metadata?.name ?? '');
  }
}
