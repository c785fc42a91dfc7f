import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeLifecycle } from '../../actors/controllers/node-lifecycle/node-lifecycle.ts';
import type { ActorDefinition } from '../../actors/kernel/declare.ts';
import type { MemoryHistory } from '../../actors/kernel/replay.ts';
import { scheduler } from '../../actors/scheduler/scheduler.ts';
import { definitionOf } from '../replay/play/definitions.ts';
import { playUntilDivergence } from '../replay/play/play.ts';
import { ReplaySession } from '../replay/play/session.ts';
import type { Playable } from '../replay/read/playable.ts';
import { writeRecordingFile } from '../replay/read/recording-file.ts';
import { readPlayables } from '../replay/read/source.ts';
import { recordScheduling } from './make-recording.ts';
import { recordQuietController, recordQuietKubelet, recordQuietOthers } from './quiet-day.ts';
import { megabytes, ms, percentile, type Report, rate } from './report.ts';
import { sized } from './tiny.ts';

const NODES = sized(200, 10);
const PODS = sized(40_000, 200);
const JUMPS = sized(40, 2);
/** Jumps in each recording of the quiet day. */
const DAY_JUMPS = sized(20, 1);
const IDLE_PODS = 10;

const sum = (figures: readonly number[]): number => figures.reduce((total, one) => total + one, 0);

/** The player's speed: a busy scheduler's recording from a file, jumps within it, and a day without events. */
export async function benchPlayer(): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-player-'));
  try {
    const busy = throughFile(join(folder, 'busy.troupe'), recordScheduling({ nodes: NODES, pods: PODS }));
    const played = play(busy.playable, scheduler);
    const jumps = jump(busy.playable, scheduler, JUMPS);
    const controller = throughFile(join(folder, 'controller.troupe'), recordQuietController());
    const controllersDay = play(controller.playable, nodeLifecycle());
    const { playable, running, asked } = recordQuietKubelet(IDLE_PODS);
    if (running !== IDLE_PODS) throw new Error(`${running} of ${IDLE_PODS} pods run on the kubelet's quiet day`);
    const node = throughFile(join(folder, 'kubelet.troupe'), playable);
    const nodesDay = play(node.playable, codeOf(node.playable));
    const others = recordQuietOthers(IDLE_PODS, asked).map((one) =>
      throughFile(join(folder, `${one.incarnation.self.actor}.troupe`), one),
    );
    const all = [controller, node, ...others];
    const days = [controllersDay, nodesDay, ...others.map((one) => play(one.playable, codeOf(one.playable)))];
    const dayMs = sum([...all, ...days].map(({ tookMs }) => tookMs));
    const dayJumps = all.flatMap((one) => jump(one.playable, codeOf(one.playable), DAY_JUMPS).gotoMs);
    return {
      title: `player: a scheduler that placed ${PODS} pods on ${NODES} nodes, ${busy.playable.turns.length} turns; a quiet day of a node controller, and one of a kubelet`,
      rows: [
        { what: 'played', figure: `${Math.round(rate(played.turns, played.tookMs) * 60)} turns/min`, aim: '50000' },
        { what: 'file', figure: `${megabytes(busy.bytes)}, opened in ${ms(busy.tookMs)}` },
        {
          what: `goto, ${JUMPS} anywhere`,
          figure: `p50 ${ms(percentile(jumps.gotoMs, 0.5))}, longest ${ms(Math.max(...jumps.gotoMs))}`,
          aim: '2000 ms',
        },
        { what: 'back, after each', figure: `longest ${ms(Math.max(...jumps.backMs))}` },
        {
          what: "node controller's quiet day, opened and played",
          figure: `${ms(controller.tookMs + controllersDay.tookMs)}, ${controllersDay.turns} turns`,
          aim: '10000 ms',
        },
        {
          what: `kubelet's quiet day, ${IDLE_PODS} pods, opened and played`,
          figure: `${ms(node.tookMs + nodesDay.tookMs)}, ${nodesDay.turns} turns, ${megabytes(node.bytes)}`,
          aim: '10000 ms',
        },
        {
          what: `quiet day of all ${all.length} actors of a cluster with that node, opened and played`,
          figure: `${ms(dayMs)}, ${sum(days.map(({ turns }) => turns))} turns, ${megabytes(sum(all.map(({ bytes }) => bytes)))}`,
          aim: '10000 ms',
        },
        {
          what: `goto in that day, ${DAY_JUMPS} anywhere in each recording`,
          figure: `p50 ${ms(percentile(dayJumps, 0.5))}, longest ${ms(Math.max(...dayJumps))}`,
          aim: '2000 ms',
        },
      ],
      notes: [
        'the day is synthesised: each actor in the test world, with a store and a file of its own; heartbeats, a checkpoint every hour',
        'requests of the kubelet reach dispatcher and api-server; there are no others, and drivers (store, runtime) are not replayed',
        'one node; a cluster has one node controller, and one kubelet for each node',
      ],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function codeOf({ incarnation }: Playable): ActorDefinition {
  const definition = definitionOf(incarnation);
  if (definition === undefined) throw new Error(`there is no actor ${incarnation.self.actor}`);
  return definition;
}

function throughFile(path: string, { incarnation, turns, history }: Playable) {
  const bytes = writeRecordingFile(path, {
    prefix: 'troupe',
    recordings: [{ incarnation, turns }],
    history: history as MemoryHistory,
  });
  const began = performance.now();
  const [playable] = readPlayables(path) as [Playable];
  return { playable, bytes, tookMs: performance.now() - began };
}

function play(playable: Playable, definition: ActorDefinition): { turns: number; tookMs: number } {
  const began = performance.now();
  const { turns, divergence } = playUntilDivergence(playable, definition);
  if (divergence !== undefined) throw new Error(`turn ${divergence.turn}: ${divergence.finding}`);
  return { turns, tookMs: performance.now() - began };
}

function jump(playable: Playable, definition: ActorDefinition, times: number): { gotoMs: number[]; backMs: number[] } {
  const session = new ReplaySession(playable, definition);
  const gotoMs: number[] = [];
  const backMs: number[] = [];
  for (let at = 1; at <= times; at++) {
    const index = Math.floor(((at * 0.618_034) % 1) * playable.turns.length); // all over the recording, forwards and backwards
    const began = performance.now();
    session.goto(index);
    gotoMs.push(performance.now() - began);
    const there = performance.now();
    session.back();
    backMs.push(performance.now() - there);
  }
  return { gotoMs, backMs };
}
