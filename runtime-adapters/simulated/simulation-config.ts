import type { FilesystemStats } from '../../contracts/runtime/filesystem.ts';

/** Milliseconds; a pair is a range from which each call draws at random. */
export type Latency = number | readonly [leastMs: number, mostMs: number];

/** What one run of a container does. Times are relative to its start. */
export interface SimulatedRun {
  readonly output?: readonly { readonly atMs: number; readonly stream?: 'stdout' | 'stderr'; readonly text: string }[];
  /** Default: it runs until it is stopped. */
  readonly exitAfterMs?: number;
  /** Default 0. */
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  /** It ends only by SIGKILL. */
  readonly ignoresTerm?: boolean;
  /** How long it takes to end after SIGTERM. */
  readonly stopMs?: number;
  /** Default 143. */
  readonly stopExitCode?: number;
  /** The engine fails to start it, with this message. */
  readonly cannotStart?: string;
  /** What it uses while it runs; default nothing. */
  readonly usage?: { readonly cpuMillis?: number; readonly memoryBytes?: number; readonly rootfsBytes?: number };
}

/** What a machine has left beside what its containers use, and the size of volumes by `<pod uid>/<volume>`. */
export interface SimulatedUsage {
  readonly memoryAvailableBytes?: number;
  readonly nodefs?: FilesystemStats;
  readonly imagefs?: FilesystemStats;
  readonly pids?: { readonly running: number; readonly most: number };
  readonly volumes?: Readonly<Record<string, number>>;
}

export interface SimulatedImage {
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Present on every node from the start. */
  readonly present?: boolean;
  /** Ports on which its containers listen, and send back what they get. */
  readonly ports?: readonly number[];
  readonly pull?: {
    readonly latencyMs?: Latency;
    /** The registry fails with this message … */
    readonly fails?: string;
    /** … this many times per node; by default always. */
    readonly failTimes?: number;
  };
  /**
   * What its containers do; by default they run until stopped. A list gives the run of each attempt, the last one for all
   * further ones. A function is called with the command line, the environment and the attempt.
   */
  readonly run?:
    | SimulatedRun
    | readonly SimulatedRun[]
    | ((argv: readonly string[], env: Readonly<Record<string, string>>, attempt: number) => SimulatedRun);
}

export const SLOW_OPS = ['runPodSandbox', 'pullImage', 'createContainer', 'startContainer', 'remove'] as const;
export type SlowOp = (typeof SLOW_OPS)[number];

export interface SimulatedConfig {
  readonly images?: Readonly<Record<string, SimulatedImage>>;
  /** Images not in `images`; by default they are pulled at once and run until stopped. `false`: no registry has them. */
  readonly otherImages?: SimulatedImage | false;
  /** Default 0. */
  readonly latencyMs?: Readonly<Partial<Record<SlowOp, Latency>>>;
  readonly cpuMillis?: number;
  readonly memoryBytes?: number;
}

/** @param random  uniform in [0, 1). @returns milliseconds */
export function drawLatency(latency: Latency | undefined, random: () => number): number {
  if (latency === undefined || typeof latency === 'number') return latency ?? 0;
  const [least, most] = latency;
  return least + random() * (most - least);
}

/** What an attempt of a container does. @param attempt  counts from 0 */
export function runOf(
  image: SimulatedImage,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  attempt: number,
): SimulatedRun {
  const { run = {} } = image;
  if (typeof run === 'function') return run(argv, env, attempt);
  if (!isSchedule(run)) return run;
  return run[Math.min(attempt, run.length - 1)] ?? {};
}

const isSchedule = (run: SimulatedRun | readonly SimulatedRun[]): run is readonly SimulatedRun[] => Array.isArray(run);
