import { doubled } from '../../../contracts/time/doubling-delay.ts';

const MIB = 2 ** 20;
/** So much is enough to go on with; on a small disk a twentieth of it. */
const ROOM_BYTES = 64 * MIB;

export interface Disk {
  /** What may still be written. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export const roomBytes = ({ totalBytes }: Disk): number => Math.min(ROOM_BYTES, totalBytes / 20);

/** Is there so little room that nothing can be relied on? */
export const isFull = (disk: Disk): boolean => disk.freeBytes < roomBytes(disk);

export const inMib = (bytes: number): string => `${(bytes / MIB).toFixed(bytes < 10 * MIB ? 1 : 0)} MiB`;

/**
 * Does nats-server say that its disk, or its share of it, is full? From then on it refuses every write of that stream, also
 * when there is room again, until it is started anew.
 */
export const saysDiskFull = (line: string): boolean =>
  /\[(ERR|WRN|FTL)\].*(no space left on device|disk quota exceeded|not enough space)/i.test(line);

/** A server that was started anew and is full again soon: a quota, say, which nobody can ask for. */
const FIRST_MS = 10_000;
const MOST_MS = 600_000;

/**
 * Whether to start a server anew that said that its disk is full. Pure.
 * @param restarts  how often that was done in a row without a quiet hour in between
 * @param sinceMs   milliseconds since the last time
 */
export function planDisk(disk: Disk, restarts: number, sinceMs: number): 'wait' | 'restart' {
  if (isFull(disk)) return 'wait';
  return restarts === 0 || sinceMs >= doubled(FIRST_MS, restarts - 1, MOST_MS) ? 'restart' : 'wait';
}
