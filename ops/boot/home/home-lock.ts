import { statusError } from '../../../contracts/errors/status.ts';
import { pause } from '../../client/pause.ts';
import { endProcess, identify, isAlive, type ProcessId } from '../supervision/processes.ts';
import { type HomePaths, makePrivateFolder, writePrivateFile } from './home.ts';
import { followRecord, newestRecord, recordFile } from './lock-record.ts';

/*
 * One process at a time holds a home: two servers would corrupt its store, and nats-server itself does not check. Each holder
 * writes a numbered record, `run/up.<n>.json`. The lock is free when the holder of the newest record released it or is dead; the
 * next holder writes the record with the next number.
 */

interface HomeRecord {
  /** The `troupe up` that runs this home's cluster ... */
  readonly up?: ProcessId;
  /** ... or the process that reads the store of a stopped cluster. Neither: the lock was released. */
  readonly reading?: ProcessId;
  /** Processes that the holder has started. */
  readonly children: Readonly<Record<string, ProcessId>>;
  /** The api-server has answered. */
  readonly ready: boolean;
}

/** The `troupe up` that runs this home's cluster, and the processes that it started. */
export interface UpRecord extends HomeRecord {
  readonly up: ProcessId;
}

const FREE: HomeRecord = { children: {}, ready: false };
const NAME = 'up';

function newest(paths: HomePaths): { readonly number: number; readonly record: HomeRecord } {
  const { number, content } = newestRecord(paths.run, NAME);
  return { number, record: { ...FREE, ...(content as Partial<HomeRecord> | undefined) } };
}

const holderOf = ({ up, reading }: HomeRecord): ProcessId | undefined => up ?? reading;
const isHeld = (record: HomeRecord): boolean => {
  const holder = holderOf(record);
  return holder !== undefined && isAlive(holder);
};

/** The last `troupe up`, unless it released the lock. */
export function readUp(paths: HomePaths): UpRecord | undefined {
  const { record } = newest(paths);
  return record.up === undefined ? undefined : { ...record, up: record.up };
}

/** The record of a `troupe up` that runs now. */
export function runningUp(paths: HomePaths): UpRecord | undefined {
  const record = readUp(paths);
  return record !== undefined && isAlive(record.up) ? record : undefined;
}

const livingChildren = ({ children }: HomeRecord): Readonly<Record<string, ProcessId>> =>
  Object.fromEntries(Object.entries(children).filter(([, id]) => isAlive(id)));

async function endAll(children: Readonly<Record<string, ProcessId>>): Promise<number> {
  const ids = Object.values(children);
  await Promise.all(ids.map((id) => endProcess(id, 10_000)));
  return ids.length;
}

/** Ends the processes that a killed holder has left running. @returns how many there were */
export async function endLeftovers(paths: HomePaths): Promise<number> {
  const { record } = newest(paths);
  return isHeld(record) ? 0 : endAll(livingChildren(record));
}

export interface TakeOptions {
  /** To run a cluster (the default), or to read the store of a stopped one. */
  readonly as?: 'up' | 'reading';
  /** How long to wait for a reader, in milliseconds; default a minute. */
  readonly waitMs?: number;
  /** Called once when it must wait. */
  readonly onWait?: (reader: ProcessId) => void;
  readonly signal?: AbortSignal | undefined;
}

const WAIT_MS = 60_000;
const LOOK_AGAIN_MS = 50;

/**
 * Takes the lock for this process; waits for a reader, and ends the processes that a killed holder has left.
 * @throws StatusError AlreadyExists (a `troupe up` runs), Conflict (still being read after `waitMs`)
 */
export async function takeLock(paths: HomePaths, options: TakeOptions = {}): Promise<void> {
  const { as = 'up', waitMs = WAIT_MS, onWait, signal } = options;
  makePrivateFolder(paths.run);
  const deadline = performance.now() + waitMs;
  for (let notified = false; ; ) {
    const { number, record } = newest(paths);
    if (!isHeld(record)) {
      const left = livingChildren(record); // recorded, in case this process is killed before it ends them
      const mine: HomeRecord = { [as]: identify(process.pid), children: left, ready: false };
      if (!followRecord(paths.run, NAME, number, mine)) continue; // another process was faster
      if ((await endAll(left)) > 0) updateLock(paths, { children: {} });
      return;
    }
    if (record.up !== undefined) {
      throw statusError(
        'AlreadyExists',
        `troupe already runs from ${paths.home} (pid ${record.up.pid}); see \`troupe status\`, or end it with \`troupe down\``,
      );
    }
    const reader = record.reading;
    if (reader === undefined) continue;
    if (performance.now() > deadline || signal?.aborted === true) {
      throw statusError(
        'Conflict',
        `open ${paths.home}: another process (pid ${reader.pid}) is reading its recordings; wait for it, or end it`,
      );
    }
    if (!notified) onWait?.(reader);
    notified = true;
    await pause(LOOK_AGAIN_MS, signal);
  }
}

const isMine = (record: HomeRecord): boolean => holderOf(record)?.pid === process.pid && isHeld(record);

export function updateLock(paths: HomePaths, change: Partial<Pick<HomeRecord, 'children' | 'ready'>>): void {
  const { number, record } = newest(paths);
  if (isMine(record)) writePrivateFile(recordFile(paths.run, NAME, number), JSON.stringify({ ...record, ...change }));
}

export function releaseLock(paths: HomePaths): void {
  const { number, record } = newest(paths);
  if (!isMine(record)) return;
  try {
    writePrivateFile(recordFile(paths.run, NAME, number), JSON.stringify(FREE));
  } catch {
    // on a full disk the lock is free once this process has ended
  }
}
