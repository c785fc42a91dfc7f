/** Milliseconds; a pair is a range from which each call draws. */
export type Latency = number | readonly [leastMs: number, mostMs: number];

/** What one run of a container does. Times count from its start. */
export interface SimulatedRun {
  readonly output?: readonly { readonly atMs: number; readonly stream?: 'stdout' | 'stderr'; readonly text: string }[];
  /** Absent: it runs until it is stopped. */
  readonly exitAfterMs?: number;
  /** 0 when absent. */
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  /** Only SIGKILL ends it. */
  readonly ignoresTerm?: boolean;
  /** How long it takes to end once told to. */
  readonly stopMs?: number;
  /** 143 when absent. */
  readonly stopExitCode?: number;
  /** The engine can't start it, and says this. */
  readonly cannotStart?: string;
}

export interface SimulatedImage {
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** On every node from the beginning. */
  readonly present?: boolean;
  readonly pull?: {
    readonly latencyMs?: Latency;
    /** The registry refuses with these words … */
    readonly fails?: string;
    /** … so many times a node; always when absent. */
    readonly failTimes?: number;
  };
  /**
   * What its containers do. A list is a crash schedule: the run of each attempt, the last one for all that follow. Absent: they
   * run until stopped. A function sees the whole command line and environment.
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
  /** Every image not named in `images`; absent: pulls at once and runs until stopped. `false`: no registry has it. */
  readonly otherImages?: SimulatedImage | false;
  /** 0 when absent. */
  readonly latencyMs?: Readonly<Partial<Record<SlowOp, Latency>>>;
  readonly cpuMillis?: number;
  readonly memoryBytes?: number;
}

export function drawLatency(latency: Latency | undefined, random: () => number): number {
  if (latency === undefined || typeof latency === 'number') return latency ?? 0;
  const [least, most] = latency;
  return least + random() * (most - least);
}

/** @param attempt  counts from 0 */
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
