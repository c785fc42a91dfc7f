import { setTimeout as pause } from 'node:timers/promises';
import type { Node, Pod } from '../../contracts/kinds/kinds.ts';
import { type ClusterStatus, planStatus, statusRows } from '../cli/cluster/plan-status.ts';
import { factsOf } from '../cli/cluster/status.ts';
import { INTERRUPTED } from '../cli/shared/render-error.ts';
import type { Client } from '../client/client.ts';
import { connectClient } from '../client/connect.ts';
import { watchObjects } from '../client/watch.ts';
import { makeImages } from '../setup/images.ts';
import { setUp } from '../setup/setup.ts';
import { OPERATOR } from './home/cluster.ts';
import { defaultHome, homePaths, troupeHome } from './home/home.ts';
import type { PulledImage } from './plan-sample.ts';
import { runningPods } from './roles/pods.ts';
import { declaredActors } from './roles/hosted-actors.ts';
import { createSample, pullSample, SAMPLE, wantsSample } from './sample.ts';
import { type RunningCluster, up } from './up.ts';
import { hearEnd } from './watch/hear-end.ts';
import { LiveLine } from './watch/live-line.ts';
import { allReady, podSummary } from './watch/plan-pod-summary.ts';
import { hasReported, isOfBefore, isSettled, type StartedNode } from './watch/plan-settled.ts';

const NEXT = [
  ['npx troupe get pods -w', 'watch them'],
  [`npx troupe scale deployment/${SAMPLE.name} --replicas 5`, 'more of them'],
  [`npx troupe logs -f deployment/${SAMPLE.name}`, 'what they write'],
] as const;

const keyOf = ({ metadata }: Pod): string => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;

/** @returns once the node has told of itself since it was started, or `signal` is aborted */
async function whenReported(client: Client, { name, since }: StartedNode, signal: AbortSignal): Promise<void> {
  const fieldSelector = `metadata.name=${name}`;
  for await (const { object } of watchObjects<Node>(client, 'nodes', {}, { fieldSelector, signal }))
    if (hasReported(object, since)) return;
}

/** Tells what becomes of the pods until `signal`; `settled` is called once, when as many as wanted are ready. */
async function followPods(
  client: Client,
  node: StartedNode,
  screen: LiveLine,
  signal: AbortSignal,
  settled: () => Promise<void>,
): Promise<void> {
  const from = await client.list<Pod>('pods', {});
  const pods = new Map(from.items.map((pod) => [keyOf(pod), pod]));
  let isSettled = false;
  let isTold = (_pods: readonly Pod[]): boolean => false;
  const tell = async (): Promise<void> => {
    const all = [...pods.values()];
    const isNow = isTold(all);
    screen.show(isNow ? podSummary(all) : `waiting for node ${node.name} to tell of its pods`);
    if (isSettled || !isNow || !allReady(all)) return;
    isSettled = true;
    screen.leave();
    await settled();
  };
  if (pods.size > 0) await tell();
  const reported = whenReported(client, node, signal).then(async () => {
    const running = await runningPods(node.name);
    isTold = (all) => running === undefined || !all.some((pod) => isOfBefore(pod, node, running));
    if (!signal.aborted && pods.size > 0) await tell();
  });
  await Promise.all([reported, follow()]);

  async function follow(): Promise<void> {
    for await (const { type, object } of watchObjects<Pod>(client, 'pods', {}, { from, signal })) {
      if (type === 'DELETED') pods.delete(keyOf(object));
      else pods.set(keyOf(object), object);
      await tell();
    }
  }
}

const SETTLE_TRIES = 10;

/** Nothing is shown half-way. */
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
  say('\nCtrl-C ends the control plane; containers keep running (`npx troupe down --pods` removes them too).');
}

async function runUntilStopped(
  cluster: RunningCluster,
  since: number,
  pulling: Promise<PulledImage | undefined>,
  screen: LiveLine,
  signal: AbortSignal,
): Promise<void> {
  const say = (text: string): void => screen.print(text);
  const client = await connectClient({ home: cluster.paths.home, url: cluster.cluster.url, user: OPERATOR });
  try {
    const pulled = await pulling;
    if (await createSample(client, cluster.paths, pulled)) {
      const from =
        pulled === undefined ? 'from the image made here, since no registry gave one' : `from ${pulled.image}`;
      say(`created the sample: deployment ${SAMPLE.name}, ${from}`);
    }
    const node = { name: cluster.cluster.node, since };
    await followPods(client, node, screen, signal, () => showStatus(client, cluster.paths.home, say));
  } finally {
    await client.close();
  }
}

/** Aborted when this process shall end; a second Ctrl-C does not wait. */
function untilInterrupted(): AbortSignal {
  const stop = new AbortController();
  const end = (): boolean => {
    stop.abort();
    return true;
  };
  hearEnd(end, () => process.exit(INTERRUPTED));
  return stop.signal;
}

/**
 * `npm start`: set-up, a cluster on this machine, a sample Deployment, and its live status until Ctrl-C.
 * @returns exit code
 */
export async function start(): Promise<number> {
  const began = performance.now();
  const screen = new LiveLine(process.stdout);
  const say = (text: string): void => screen.print(text);
  const signal = untilInterrupted();
  const interrupted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  try {
    const lacks = await setUp(say, signal);
    if (signal.aborted) return INTERRUPTED;
    for (const { text } of lacks) console.error(text);
    if (lacks.length > 0) return 1;
    const paths = homePaths(troupeHome());
    for (const image of await makeImages(paths)) say(`made image ${image} from this machine's busybox`);
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
      screen.leave();
      say('ending the control plane; containers keep running');
      await cluster.stop();
    }
    return 0;
  } catch (error) {
    console.error(`troupe: ${(error as Error).message}`);
    return signal.aborted ? INTERRUPTED : 1;
  }
}
