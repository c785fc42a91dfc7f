import { statfsSync } from 'node:fs';
import { type Disk, inMib, planDisk, roomBytes, saysDiskFull } from './plan-disk.ts';

/** The disk on which a folder lies; `undefined` where nobody can tell. */
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
  /** Takes note of a line that nats-server wrote. */
  hear(line: string): void;
  stop(): void;
}

export interface DiskWatchOptions {
  /** Where nats-server keeps its store. */
  readonly folder: string;
  readonly say: (text: string) => void;
  /** Starts nats-server anew. */
  readonly restart: () => Promise<void>;
  readonly look?: () => Disk | undefined;
  readonly lookEveryMs?: number;
}

const processOf = (line: string): string | undefined => /^\[\d+\]/.exec(line)?.[0];

/** Waits for room when nats-server says that its disk is full, and starts it anew then: until that it refuses to write. */
export function watchDisk(options: DiskWatchOptions): DiskWatch {
  const { folder, say, restart, look = () => diskOf(folder), lookEveryMs = LOOK_EVERY_MS } = options;
  let timer: NodeJS.Timeout | undefined;
  let restarts = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  let told: string | undefined;

  const check = async (): Promise<void> => {
    const disk = look();
    const sinceMs = performance.now() - lastAt;
    if (disk === undefined || planDisk(disk, restarts, sinceMs) === 'wait') return;
    clearInterval(timer);
    say(`there is room again in ${folder} (${inMib(disk.freeBytes)} free): nats-server is started anew`);
    restarts += 1;
    lastAt = performance.now();
    await restart();
    timer = undefined;
  };

  return {
    hear(line) {
      if (timer !== undefined || !saysDiskFull(line) || processOf(line) === told) return;
      told = processOf(line); // its last words may come when the next one runs
      if (performance.now() - lastAt > QUIET_MS) restarts = 0;
      const disk = look();
      const free = disk === undefined ? 'the disk is full' : `the disk is full, ${inMib(disk.freeBytes)} free`;
      const need = disk === undefined ? 'room' : inMib(roomBytes(disk));
      say(`nats-server cannot write to ${folder}: ${free}; nothing is stored until there is ${need}: make room`);
      timer = setInterval(() => void check(), lookEveryMs);
    },
    stop: () => clearInterval(timer),
  };
}
