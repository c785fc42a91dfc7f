import { setTimeout as pause } from 'node:timers/promises';
import type { BenchOptions } from './bench-case.ts';
import { inFlight } from './drive.ts';
import { namespaceOf, podOf } from './objects.ts';
import { NAMESPACE } from './pods-seen.ts';
import { processFigures } from './process-figures.ts';
import { megabytes, type Report, type Row } from './report.ts';
import { bindAll, makeNodes, NODES, PODS } from './schedule.ts';
import { type Stage, startStage } from './stage.ts';
import { sized } from './tiny.ts';

const SETTLE_MS = sized(5_000, 100);
const WATCHED_MS = sized(20_000, 200);

/** Memory and CPU of an idle control plane: empty, and with a thousand nodes and five thousand pods. */
export async function benchIdle(options: BenchOptions): Promise<Report> {
  const stage = await startStage({ profile: options.profile });
  try {
    const empty = await watched(stage);
    await makeNodes(stage);
    await stage.client.create('namespaces', undefined, namespaceOf(NAMESPACE));
    await bindAll(stage.client, PODS, 'pod');
    await inFlight(32, PODS, (n) =>
      stage.client.patch('pods/status', { namespace: NAMESPACE, name: `pod-${n}` }, { status: running(n) }),
    );
    const full = await watched(stage);
    return {
      title: `idle: RSS, and share of one core over ${WATCHED_MS / 1000} s; then with ${NODES} nodes that send heartbeats and ${PODS} pods, bound and Running`,
      rows: [
        row('master, empty', empty.master, '< 150 MB, < 2 %'),
        row('nats-server, empty', empty.nats, ''),
        row('master, full', full.master, ''),
        row('nats-server, full', full.nats, ''),
        { what: 'both, full', figure: megabytes(full.master.rssBytes + full.nats.rssBytes), aim: '< 400 MB' },
      ],
      notes: [
        'nodes are Node objects and heartbeats; a pod is bound by the scheduler and its status written by the bench',
      ],
    };
  } finally {
    await stage.stop();
  }
}

interface Used {
  readonly rssBytes: number;
  /** 0.02 = 2 % of one core. */
  readonly core: number;
}

const row = (what: string, { rssBytes, core }: Used, aim: string): Row => ({
  what,
  figure: `${megabytes(rssBytes)}, ${(core * 100).toFixed(1)} %`,
  aim,
});

async function watched({ pids }: Stage): Promise<{ readonly master: Used; readonly nats: Used }> {
  await pause(SETTLE_MS);
  const before = { master: processFigures(pids.master), nats: processFigures(pids.nats) };
  await pause(WATCHED_MS);
  const used = (which: 'master' | 'nats'): Used => {
    const { rssBytes, cpuSeconds } = processFigures(pids[which]);
    return { rssBytes, core: ((cpuSeconds - before[which].cpuSeconds) * 1000) / WATCHED_MS };
  };
  return { master: used('master'), nats: used('nats') };
}

const running = (n: number) => {
  const since = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    phase: 'Running',
    hostIP: '10.0.0.1',
    podIP: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
    startTime: since,
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: since,
    })),
    containerStatuses: [
      {
        name: 'web',
        ready: true,
        started: true,
        restartCount: 0,
        image: podOf('').spec.containers[0]?.image ?? '',
        imageID: 'sha256:0000000000000000000000000000000000000000000000000000000000000000',
        containerID: `simulated://${n}`,
        state: { running: { startedAt: since } },
      },
    ],
  };
};
