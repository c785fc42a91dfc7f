import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeLifecycle } from '../../actors/controllers/node-lifecycle/node-lifecycle.ts';
import type { ActorDefinition } from '../../actors/kernel/declare.ts';
import type { MemoryHistory } from '../../actors/kernel/replay.ts';
import { scheduler } from '../../actors/scheduler/scheduler.ts';
import { playUntilDivergence } from '../replay/play.ts';
import type { Playable } from '../replay/playable.ts';
import { writeRecordingFile } from '../replay/recording-file.ts';
import { ReplaySession } from '../replay/session.ts';
import { readPlayables } from '../replay/source.ts';
import { nodeNamed, RecordingWorld, recordScheduling } from './make-recording.ts';
import { megabytes, ms, percentile, rate, type Report } from './report.ts';

const NODES = 200;
const PODS = 40_000;
const JUMPS = 40;
const SECONDS_A_DAY = 86_400;

/** How fast the player is: a busy scheduler's recording from a file, jumps within it, and a day in which nothing happens. */
export async function benchPlayer(): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-player-'));
  try {
    const busy = throughFile(join(folder, 'busy.troupe'), recordScheduling({ nodes: NODES, pods: PODS }));
    const played = play(busy.playable, scheduler);
    const jumps = jump(busy.playable);
    const quiet = throughFile(join(folder, 'quiet.troupe'), recordQuietDay());
    const day = play(quiet.playable, nodeLifecycle());
    return {
      title: `player: a scheduler that placed ${PODS} pods on ${NODES} nodes, ${busy.playable.turns.length} turns; a day of a node controller`,
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
          what: 'quiet day, opened and played',
          figure: `${ms(quiet.tookMs + day.tookMs)}, ${day.turns} turns`,
          aim: '10000 ms',
        },
      ],
      notes: ['one node; a cluster has one such actor for all nodes, and a kubelet a node'],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
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

function jump(playable: Playable): { gotoMs: number[]; backMs: number[] } {
  const session = new ReplaySession(playable, scheduler);
  const gotoMs: number[] = [];
  const backMs: number[] = [];
  for (let at = 1; at <= JUMPS; at++) {
    const index = Math.floor(((at * 0.618_034) % 1) * playable.turns.length); // all over the recording, forward and back
    const began = performance.now();
    session.goto(index);
    gotoMs.push(performance.now() - began);
    const there = performance.now();
    session.back();
    backMs.push(performance.now() - there);
  }
  return { gotoMs, backMs };
}

/** Heart-beats of a node, every second, and the controller's own looks at its clocks; a checkpoint every hour. */
function recordQuietDay(): Playable {
  const recording = new RecordingWorld(nodeLifecycle());
  const { world } = recording;
  const name = 'node-0';
  const conditions = [
    { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
  ];
  const node = nodeNamed(name);
  recording.put('nodes', { ...node, status: { ...node.status, conditions } } as typeof node);
  world.start();
  for (let second = 1; second <= SECONDS_A_DAY; second++) {
    const body = { node: name, sentAt: world.now, runtimeReady: true, pods: 0 };
    world.latest('beats', [{ subject: `troupe.heartbeat.${name}`, body }]);
    world.advance(1_000);
    for (const { id, timeoutMs } of world.said()) if (timeoutMs !== undefined) world.answer(id, {});
    if (second % 3_600 === 0) world.crash();
  }
  return recording.playable();
}
