import { doubled } from '../../../contracts/time/doubling-delay.ts';

const MIB = 2 ** 20;
/** Free space that is enough to continue; on a small disk a twentieth of it. */
const ROOM_BYTES = 64 * MIB;

export interface Disk {
  /** Bytes that may still be written. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export const roomBytes = ({ totalBytes }: Disk): number => Math.min(ROOM_BYTES, totalBytes / 20);

/** Is there too little free space to rely on writes? */
export const isFull = (disk: Disk): boolean => disk.freeBytes < roomBytes(disk);

export const inMib = (bytes: number): string => `${(bytes / MIB).toFixed(bytes < 10 * MIB ? 1 : 0)} MiB`;

/**
 * Does this line of nats-server's log say that its disk or quota is full? From then on it refuses every write to that stream until
 * it is restarted, even when there is free space again.
 */
export const saysDiskFull = (line: string): boolean =>
  /\[(ERR|WRN|FTL)\].*(no space left on device|disk quota exceeded|not enough space)/i.test(line);

/** Pauses between restarts of a server whose disk is soon full again, for example because of a quota, which cannot be queried. */
const FIRST_MS = 10_000;
const MOST_MS = 600_000;

/**
 * Decides whether to restart a server that reported a full disk. Pure.
 * @param restarts  restarts in a row without an hour in between
 * @param sinceMs   milliseconds since the last restart
 */
export function planDisk(disk: Disk, restarts: number, sinceMs: number): 'wait' | 'restart' {
  if (isFull(disk)) return 'wait';
  return restarts === 0 || sinceMs >= doubled(FIRST_MS, restarts - 1, MOST_MS) ? 'restart' : 'wait';
}
