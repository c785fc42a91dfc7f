import { setTimeout as pause } from 'node:timers/promises';
import type { Node, Pod } from '../../../contracts/kinds/kinds.ts';
import { type ClusterStatus, planStatus, statusRows } from '../../cli/cluster/plan-status.ts';
import { factsOf } from '../../cli/cluster/status.ts';
import { INTERRUPTED } from '../../cli/shared/render-error.ts';
import type { Client } from '../../client/client.ts';
import { connectClient } from '../../client/connect.ts';
import { watchObjects } from '../../client/watch.ts';
import { makeImages } from '../../setup/images.ts';
import { setUp } from '../../setup/setup.ts';
import { OPERATOR } from '../home/cluster.ts';
import { defaultHome, homePaths, troupeHome } from '../home/home.ts';
import { declaredActors } from '../roles/hosted-actors.ts';
import { runningPods } from '../roles/node-containers.ts';
import { onShutdown } from '../supervision/shutdown-signal.ts';
import { type RunningCluster, up } from '../up.ts';
import { allReady, podSummary } from './plan-pod-summary.ts';
import type { PulledImage } from './plan-sample.ts';
import { hasOldStatus, hasReported, isSettled, type StartedNode } from './plan-settled.ts';
import { createSample, pullSample, SAMPLE, wantsSample } from './sample.ts';
import { StatusLine } from './status-line.ts';

const NEXT = [
  ['npx troupe get pods -w', 'watch the pods'],
  [`npx troupe scale deployment/${SAMPLE.name} --replicas 5`, 'run more pods'],
  [`npx troupe logs -f deployment/${SAMPLE.name}`, 'show their output'],
] as const;

const keyOf = ({ metadata }: Pod): string => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;

/** @returns once the node has written its status since it was started, or `signal` is aborted */
async function whenReported(client: Client, { name, since }: StartedNode, signal: AbortSignal): Promise<void> {
  const fieldSelector = `metadata.name=${name}`;
  for await (const { object } of watchObjects<Node>(client, 'nodes', {}, { fieldSelector, signal }))
    if (hasReported(object, since)) return;
}

/** Shows a summary of the pods until `signal` is aborted; calls `settled` once, when all pods are ready. */
async function followPods(
  client: Client,
  node: StartedNode,
  screen: StatusLine,
  signal: AbortSignal,
  settled: () => Promise<void>,
): Promise<void> {
  const from = await client.list<Pod>('pods', {});
  const pods = new Map(from.items.map((pod) => [keyOf(pod), pod]));
  let isSettled = false;
  let isCurrent = (_pods: readonly Pod[]): boolean => false;
  const showPods = async (): Promise<void> => {
    const all = [...pods.values()];
    const isNow = isCurrent(all);
    screen.show(isNow ? podSummary(all) : `waiting for node ${node.name} to report its pods`);
    if (isSettled || !isNow || !allReady(all)) return;
    isSettled = true;
    screen.finish();
    await settled();
  };
  if (pods.size > 0) await showPods();
  const reported = whenReported(client, node, signal).then(async () => {
    const running = await runningPods(node.name);
    isCurrent = (all) => running === undefined || !all.some((pod) => hasOldStatus(pod, node, running));
    if (!signal.aborted && pods.size > 0) await showPods();
  });
  await Promise.all([reported, follow()]);

  async function follow(): Promise<void> {
    for await (const { type, object } of watchObjects<Pod>(client, 'pods', {}, { from, signal })) {
      if (type === 'DELETED') pods.delete(keyOf(object));
      else pods.set(keyOf(object), object);
      await showPods();
    }
  }
}

const SETTLE_TRIES = 10;

/** The status once it has settled, or after some tries. */
async function settledStatus(client: Client): Promise<ClusterStatus> {
  for (let tries = 0; ; tries++) {
    const status = planStatus(await factsOf(client));
    if (isSettled(status) || tries >= SETTLE_TRIES) return status;
    await pause(100);
  }
}

async function showStatus(client: Client, home: string, say: (text: string) => void): Promise<void> {
  for (const [heading, text] of statusRows(await settledStatus(client))) say(`  ${heading.padEnd(12)} ${text}`);
  const width = Math.max(...NEXT.map(([command]) => command.length));
  const where = home === defaultHome() ? '' : ` (there \`export TROUPE_HOME="${home}"\` first)`;
  say(`\nNext, in another terminal${where}:`);
  for (const [command, what] of NEXT) say(`  ${command.padEnd(width)}   # ${what}`);
  say('\nCtrl-C stops the control plane; containers keep running (`npx troupe down --pods` removes them too).');
}

async function runUntilStopped(
  cluster: RunningCluster,
  since: number,
  pulling: Promise<PulledImage | undefined>,
  screen: StatusLine,
  signal: AbortSignal,
): Promise<void> {
  const say = (text: string): void => screen.print(text);
  const client = await connectClient({ home: cluster.paths.home, url: cluster.cluster.url, user: OPERATOR });
  try {
    const pulled = await pulling;
    if (await createSample(client, cluster.paths, pulled)) {
      const from =
        pulled === undefined ? 'from the image built here, since no registry could be reached' : `from ${pulled.image}`;
      say(`created the sample: deployment ${SAMPLE.name}, ${from}`);
    }
    const node = { name: cluster.cluster.node, since };
    await followPods(client, node, screen, signal, () => showStatus(client, cluster.paths.home, say));
  } finally {
    await client.close();
  }
}

/** Aborted when this process should end; a second Ctrl-C ends it at once. */
function untilInterrupted(): AbortSignal {
  const stop = new AbortController();
  const end = (): boolean => {
    stop.abort();
    return true;
  };
  onShutdown(end, () => process.exit(INTERRUPTED));
  return stop.signal;
}

/**
 * `npm start`: sets the machine up, starts a cluster and a sample Deployment, and shows its status until Ctrl-C.
 * @returns exit code
 */
export async function start(): Promise<number> {
  const began = performance.now();
  const screen = new StatusLine(process.stdout);
  const say = (text: string): void => screen.print(text);
  const signal = untilInterrupted();
  const interrupted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  try {
    const lacks = await setUp(say, signal);
    if (signal.aborted) return INTERRUPTED;
    for (const { text } of lacks) console.error(text);
    if (lacks.length > 0) return 1;
    const paths = homePaths(troupeHome());
    for (const image of await makeImages(paths)) say(`built image ${image} from this machine's busybox`);
    const pulling = wantsSample(paths) ? pullSample() : Promise.resolve(undefined); // while the cluster comes up
    const since = Date.now();
    const cluster = await up({ declaredActors, say, signal });
    say(
      `cluster is up at ${cluster.cluster.url} after ${((performance.now() - began) / 1000).toFixed(1)} s (${paths.home})`,
    );
    try {
      await Promise.race([runUntilStopped(cluster, since, pulling, screen, signal), interrupted]);
      await interrupted;
    } finally {
      screen.finish();
      say('stopping the control plane; containers keep running');
      await cluster.stop();
    }
    return 0;
  } catch (error) {
    console.error(`troupe: ${(error as Error).message}`);
    return signal.aborted ? INTERRUPTED : 1;
  }
}
