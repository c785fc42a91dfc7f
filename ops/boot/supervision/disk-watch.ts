import { statfsSync } from 'node:fs';
import { type Disk, inMib, planDisk, roomBytes, saysDiskFull } from './plan-disk.ts';

/** Size and free space of the folder's disk; `undefined` when it cannot be read. */
export function diskOf(folder: string): Disk | undefined {
  try {
    const { bavail, bsize, blocks } = statfsSync(folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return undefined;
  }
}

const LOOK_EVERY_MS = 1_000;
const QUIET_MS = 3_600_000;

export interface DiskWatch {
  /** Must be called with every line that nats-server writes. */
  hear(line: string): void;
  stop(): void;
}

export interface DiskWatchOptions {
  /** Where nats-server keeps its store. */
  readonly folder: string;
  readonly say: (text: string) => void;
  /** Restarts nats-server. */
  readonly restart: () => Promise<void>;
  readonly look?: () => Disk | undefined;
  readonly lookEveryMs?: number;
}

const processOf = (line: string): string | undefined => /^\[\d+\]/.exec(line)?.[0];

/** When nats-server logs that its disk is full, waits for free space and restarts it; until then it refuses all writes. */
export function watchDisk(options: DiskWatchOptions): DiskWatch {
  const { folder, say, restart, look = () => diskOf(folder), lookEveryMs = LOOK_EVERY_MS } = options;
  let timer: NodeJS.Timeout | undefined;
  let restarts = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  let reported: string | undefined;

  const check = async (): Promise<void> => {
    const disk = look();
    const sinceMs = performance.now() - lastAt;
    if (disk === undefined || planDisk(disk, restarts, sinceMs) === 'wait') return;
    clearInterval(timer);
    say(`${folder} has free space again (${inMib(disk.freeBytes)}): restarting nats-server`);
    restarts += 1;
    lastAt = performance.now();
    await restart();
    timer = undefined;
  };

  return {
    hear(line) {
      if (timer !== undefined || !saysDiskFull(line) || processOf(line) === reported) return;
      reported = processOf(line); // its last lines may arrive when the next server runs
      if (performance.now() - lastAt > QUIET_MS) restarts = 0;
      const disk = look();
      const free = disk === undefined ? 'the disk is full' : `the disk is full, ${inMib(disk.freeBytes)} free`;
      const need = disk === undefined ? 'free space' : inMib(roomBytes(disk));
      say(`nats-server cannot write to ${folder}: ${free}; nothing is stored until ${need} are free: free some space`);
      timer = setInterval(() => void check(), lookEveryMs);
    },
    stop: () => clearInterval(timer),
  };
}
