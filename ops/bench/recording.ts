import type { RecordedTurn } from '../../actors/kernel/journal/journal.ts';
import { readJournal } from '../replay/read/read-journal.ts';
import type { BenchOptions } from './bench-case.ts';
import { type StageWithNodes, startStageWithNodes } from './kubelets.ts';
import { inPairs, ratioNote, ratios } from './pairs.ts';
import { createPaced, createPods, isBound, isRunning, podsOf } from './pods-seen.ts';
import { type CpuUsed, cpuMeter, cpuNote } from './process-figures.ts';
import { median, ms, percentile, perSecond, type Report, rate, spread } from './report.ts';
import { EXTRA } from './stage.ts';
import { sized } from './tiny.ts';

const NODES = sized(200, 5);
const PODS = sized(2_000, 30);
const CREATORS = 32;
const SLOWLY = { prefix: 'slow', perSecond: 50, count: sized(1_500, 20) };
const WARM_PODS = sized(200, 10);
const PAIRS = sized(3, 1);
const MILESTONES = { bound: isBound, running: isRunning };

interface Once {
  readonly podsPerSecond: number;
  readonly latencies: readonly number[];
  readonly cpu: CpuUsed;
  readonly journal: JournalSize | undefined;
}

/** The cost of recording under load, and how much is written. */
export async function benchRecording({ pairs: wanted = PAIRS }: BenchOptions): Promise<Report> {
  const pairs = await inPairs(wanted, onceThrough);
  const speed = ratios(pairs, (side) => side.podsPerSecond);
  const p99 = ratios(pairs, (side) => percentile(side.latencies, 0.99));
  const cpu = ratios(pairs, ({ cpu: { masterUs, natsUs, nodesUs = 0 } }) => masterUs + natsUs + nodesUs);
  const sides = (which: 'recorded' | 'unrecorded') => pairs.map((pair) => pair[which]);
  const sizes = sides('recorded').flatMap(({ journal }) => journal ?? []);
  return {
    title: `recording: ${PODS} pods on ${NODES} simulated nodes, ${CREATORS} creators; the peer is the same without recording; medians of ${wanted} pairs, latencies of all their pods`,
    rows: [
      {
        what: 'create -> Running',
        figure: perSecond(median(sides('recorded').map((side) => side.podsPerSecond))),
        peer: perSecond(median(sides('unrecorded').map((side) => side.podsPerSecond))),
        ratio: median(speed),
        aim: 'ratio >= 0.95',
      },
      {
        what: `at ${SLOWLY.perSecond} pods/s, create -> Running`,
        figure: spread(sides('recorded').flatMap((side) => side.latencies)),
        peer: spread(sides('unrecorded').flatMap((side) => side.latencies)),
        ratio: 1 / median(p99),
        aim: 'p99: ratio >= 0.95',
      },
      {
        what: 'bytes a turn, besides bodies',
        figure: `${Math.round(median(sizes.map(({ bytes, bodies, turns }) => (bytes - bodies) / turns)))}`,
        peer: `bodies ${Math.round(median(sizes.map(({ bodies, turns }) => bodies / turns)))}`,
        aim: '<= 150',
      },
    ],
    notes: [
      ratioNote('pods/s', speed),
      ratioNote('p99', p99),
      ratioNote('CPU a pod, all processes', cpu),
      ...pairs.flatMap(({ recorded, unrecorded }) => [
        cpuNote('a pod, recorded', recorded.cpu),
        cpuNote('a pod, not recorded', unrecorded.cpu),
      ]),
      ...(sizes[0] === undefined ? [] : [sizeNote(sizes[0])]),
      `longest: recorded ${longest(sides('recorded'))}, not recorded ${longest(sides('unrecorded'))}`,
    ],
  };
}

const longest = (sides: readonly Once[]): string => ms(Math.max(...sides.flatMap(({ latencies }) => latencies)));

async function onceThrough(record: boolean): Promise<Once> {
  const stage = await startStageWithNodes(NODES, { record });
  try {
    await createPods(podsOf(stage.client), { count: WARM_PODS, prefix: 'warm', creators: CREATORS }, MILESTONES);
    const used = cpuMeter(stage.pids);
    const { running } = await createPods(
      podsOf(stage.client),
      { count: PODS, prefix: 'pod', creators: CREATORS },
      MILESTONES,
    );
    const cpu = used(PODS);
    const { tookMs } = await createPaced(podsOf(stage.client), SLOWLY, MILESTONES);
    const journal = record ? await journalSize(stage) : undefined;
    return { podsPerSecond: rate(PODS, running), latencies: tookMs.running, cpu, journal };
  } finally {
    await stage.stop();
  }
}

interface JournalSize {
  readonly turns: number;
  readonly segments: number;
  /** Bytes of all segments in the stream. */
  readonly bytes: number;
  /** Bytes of message bodies that are kept by value. */
  readonly bodies: number;
  /** The same for each actor. */
  readonly actors: ReadonlyMap<string, { bytes: number; bodies: number; turns: number }>;
}

async function journalSize(stage: StageWithNodes): Promise<JournalSize> {
  const { connection } = await stage.connect(EXTRA);
  const actors = new Map<string, { bytes: number; bodies: number; turns: number }>();
  let segments = 0;
  for (const recording of await readJournal(connection, stage.cluster.prefix)) {
    const { actor } = recording.incarnation.self;
    const size = actors.get(actor) ?? { bytes: 0, bodies: 0, turns: 0 };
    actors.set(actor, size);
    segments += recording.segments;
    size.bytes += recording.bytes;
    size.turns += recording.turns.length;
    for (const turn of recording.turns) size.bodies += bodiesOf(turn);
  }
  const sum = (of: 'bytes' | 'bodies' | 'turns') => [...actors.values()].reduce((total, size) => total + size[of], 0);
  return { turns: sum('turns'), segments, bytes: sum('bytes'), bodies: sum('bodies'), actors };
}

function bodiesOf({ rec, said }: RecordedTurn): number {
  const heard = rec.t === 'call' ? rec.body : rec.t === 'answer' ? rec.result : undefined;
  const kept = said.reduce((total, { body }) => total + (body?.length ?? 0), 0);
  return kept + (heard instanceof Uint8Array ? heard.length : 0);
}

function sizeNote({ turns, segments, bytes, actors }: JournalSize): string {
  const by = [...actors]
    .sort(([, a], [, b]) => b.bytes - a.bytes)
    .map(([actor, size]) => `${actor} ${size.turns} x ${Math.round((size.bytes - size.bodies) / size.turns)}`);
  return `journal: ${turns} turns in ${segments} segments, ${Math.round(bytes / 1e6)} MB; turns x bytes besides bodies: ${by.join(', ')}`;
}
