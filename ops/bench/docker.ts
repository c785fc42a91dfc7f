import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker, { type Container } from 'dockerode';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { containerOptions, sandboxOptions } from '../../runtime-adapters/docker/container-create-options.ts';
import { LOCAL_PAUSE_IMAGE, SAMPLE_IMAGE } from '../../runtime-adapters/docker/pause-and-sample-images.ts';
import { OPERATOR } from '../boot/home/cluster.ts';
import { homePaths, troupeHome } from '../boot/home/home.ts';
import { declaredActors } from '../boot/roles/hosted-actors.ts';
import { up } from '../boot/up.ts';
import { connectClient } from '../client/connect.ts';
import { watchObjects } from '../client/watch.ts';
import { makeImages } from '../setup/images.ts';
import { inFlight, until } from './drive.ts';
import { endLater } from './end-later.ts';
import { perSecond, type Report, rate } from './report.ts';
import { removeNode } from './remove-node.ts';
import { isTiny, sized } from './tiny.ts';

const PODS = sized(40, 2);
const CONCURRENCIES = isTiny ? [2] : [4, 8, 16];
const ALL_RUN_WITHIN_MS = 300_000;
const COMMAND = ['/bin/sleep', 'inf'];

/** A Deployment of 40 pods, from apply to all Running, compared with dockerode creating the same 80 containers. */
export async function benchDocker(): Promise<Report> {
  const home = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
  const over = endLater(async () => rmSync(home, { recursive: true, force: true }));
  try {
    await makeImages(homePaths(troupeHome())); // set-up's busybox is in the user's home;
    const bare: { readonly atOnce: number; readonly tookMs: number }[] = [];
    for (const atOnce of CONCURRENCIES) bare.push({ atOnce, tookMs: await bareDocker(atOnce) });
    const best = bare.reduce((a, b) => (b.tookMs < a.tookMs ? b : a));
    const ours = await troupeOnDocker(home);
    return {
      title: `docker: ${PODS} pods of one container, apply to all Running; the peer is dockerode creating and starting ${PODS} sandboxes and ${PODS} containers`,
      rows: [
        {
          what: 'pods',
          figure: perSecond(rate(PODS, ours)),
          peer: `${perSecond(rate(PODS, best.tookMs))} (${best.atOnce} at once)`,
          ratio: best.tookMs / ours,
          aim: 'ratio >= 0.7',
        },
      ],
      notes: bare.map(({ atOnce, tookMs }) => `bare, ${atOnce} at once: ${perSecond(rate(PODS, tookMs))}`),
    };
  } finally {
    await over();
  }
}

/** @returns milliseconds; each pod is a sandbox and a container in it, created with the adapter's options */
async function bareDocker(atOnce: number): Promise<number> {
  const docker = new Docker();
  const made: Container[] = [];
  let ended = false;
  const over = endLater(async () => {
    ended = true;
    await removeAll(made);
  });
  const start = async (options: Docker.ContainerCreateOptions): Promise<Container> => {
    if (ended) throw new Error('stopped');
    const container = await docker.createContainer(options);
    made.push(container);
    await container.start();
    return container;
  };
  try {
    const { tookMs } = await inFlight(atOnce, PODS, async (n) => {
      const pod = { namespace: 'bench', name: `bare-${n}`, uid: `bench-${process.pid}-${n}` };
      const sandbox = await start(sandboxOptions('bench-bare', { pod, attempt: 0 }, LOCAL_PAUSE_IMAGE, 'bridge'));
      const config = {
        pod,
        name: 'main',
        attempt: 0,
        image: SAMPLE_IMAGE,
        sandboxId: sandbox.id,
        command: COMMAND,
        specHash: 'bench',
      };
      await start(containerOptions('bench-bare', config));
    });
    return tookMs;
  } finally {
    await over();
  }
}

/** Removes containers before the sandboxes whose network they use; one at a time, for old engines. */
async function removeAll(made: Container[]): Promise<void> {
  for (let last = made.pop(); last !== undefined; last = made.pop()) await last.remove({ force: true, v: true });
}

async function troupeOnDocker(home: string): Promise<number> {
  const cluster = await up({ home, port: 0, declaredActors, say: (text) => console.error(text) });
  const client = await connectClient({ home, url: cluster.cluster.url, user: OPERATOR });
  const stop = new AbortController();
  const over = endLater(async () => {
    stop.abort();
    await client.close();
    await cluster.stop();
    await removeNode(cluster.cluster.node);
  });
  try {
    const runs = new Set<string>();
    let allRun: number | undefined;
    const watching = (async () => {
      for await (const { object } of watchObjects<Pod>(
        client,
        'pods',
        { namespace: 'default' },
        { signal: stop.signal },
      )) {
        if (object.status?.phase === 'Running') runs.add(object.metadata?.name ?? '');
        if (runs.size === PODS) allRun ??= performance.now();
      }
    })();
    const began = performance.now();
    await client.apply('deployments', { namespace: 'default', name: 'bench' }, deployment());
    await until(`${PODS} pods run`, ALL_RUN_WITHIN_MS, () => allRun !== undefined);
    const tookMs = (allRun ?? Number.NaN) - began;
    stop.abort();
    await watching;
    await client.delete('deployments', { namespace: 'default', name: 'bench' });
    return tookMs;
  } finally {
    await over();
  }
}

const deployment = () => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'bench' },
  spec: {
    replicas: PODS,
    selector: { matchLabels: { app: 'bench' } },
    template: {
      metadata: { labels: { app: 'bench' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'main', image: SAMPLE_IMAGE, imagePullPolicy: 'IfNotPresent', command: COMMAND }],
      },
    },
  },
});
