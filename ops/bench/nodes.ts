import { setTimeout as pause } from 'node:timers/promises';
import type { BenchOptions } from './bench-case.ts';
import { type StageWithNodes, startStageWithNodes } from './kubelets.ts';
import { createPaced, createPods, isBound, isRunning, podsOf } from './pods-seen.ts';
import { cpuMeter, cpuNote, processFigures } from './process-figures.ts';
import { megabytes, ms, perSecond, type Report, rate, spread } from './report.ts';
import { sized } from './tiny.ts';

const NODES = sized(1_000, 10);
const PODS = sized(5_000, 50);
const CREATORS = 32;
const SLOWLY = { prefix: 'slow', perSecond: 50, count: sized(750, 20) };
const WARM_PODS = sized(300, 10);
const SETTLE_MS = sized(3_000, 100);
const RESTING_MS = sized(10_000, 200);
const MILESTONES = { bound: isBound, running: isRunning };

/** A thousand kubelets and runtime drivers in one process: the time until they are ready, and from create to Running of pods. */
export async function benchNodes({ profile }: BenchOptions): Promise<Report> {
  const stage = await startStageWithNodes(NODES, { record: true, profile });
  try {
    const { client, readyMs } = stage;
    const resting = await atRest(stage);
    await createPods(podsOf(client), { count: WARM_PODS, prefix: 'warm', creators: CREATORS }, MILESTONES);
    const used = cpuMeter(stage.pids);
    const { bound, running } = await createPods(
      podsOf(client),
      { count: PODS, prefix: 'pod', creators: CREATORS },
      MILESTONES,
    );
    const cpu = used(PODS);
    const { tookMs } = await createPaced(podsOf(client), SLOWLY, MILESTONES);
    const full = await atRest(stage);
    return {
      title: `nodes: ${NODES} kubelets and runtime drivers in one process, over a simulated engine; ${PODS} pods, ${CREATORS} creators, recorded`,
      rows: [
        {
          what: 'exec of the process -> all nodes ready',
          figure: ms(readyMs),
          peer: `${perSecond(rate(NODES, readyMs))}`,
        },
        { what: 'create -> bound', figure: perSecond(rate(PODS, bound)), aim: '>= 700/s on nodes without kubelets' },
        { what: 'create -> Running', figure: perSecond(rate(PODS, running)) },
        {
          what: `at ${SLOWLY.perSecond} pods/s, create -> bound`,
          figure: spread(tookMs.bound),
          aim: 'p50 < 4 ms, p99 < 20 ms',
        },
        { what: `at ${SLOWLY.perSecond} pods/s, create -> Running`, figure: spread(tookMs.running) },
        { what: 'at rest, no pods: nodes, master, nats-server', figure: resting },
        { what: `at rest, ${PODS + SLOWLY.count + WARM_PODS} pods`, figure: full },
      ],
      notes: [cpuNote('a pod, create -> Running', cpu)],
    };
  } finally {
    await stage.stop();
  }
}

/** Memory, and share of one core, of each process at rest. */
async function atRest({ pids }: StageWithNodes): Promise<string> {
  await pause(SETTLE_MS);
  const who = [pids.nodes, pids.master, pids.nats];
  const before = who.map((pid) => processFigures(pid).cpuSeconds);
  await pause(RESTING_MS);
  return who
    .map((pid, at) => {
      const { rssBytes, cpuSeconds } = processFigures(pid);
      const core = ((cpuSeconds - (before[at] ?? 0)) * 1000) / RESTING_MS;
      return `${megabytes(rssBytes)} ${(core * 100).toFixed(0)} %`;
    })
    .join(', ');
}
