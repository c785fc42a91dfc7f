import { statusError } from '../../../contracts/errors/status.ts';
import { pause } from '../../client/pause.ts';
import { type HomePaths, makePrivateFolder, writePrivateFile } from '../home/home.ts';
import { followRecord, newestRecord, recordFile } from '../home/lock-record.ts';
import { identify, isAlive, type ProcessId } from '../supervision/processes.ts';

interface LockRecord {
  /** The process that holds the lock; absent when it is free. */
  readonly holder?: ProcessId;
}

const NAME = 'users';
const LOOK_AGAIN_MS = 10;
const WAIT_MS = 10_000;

function release(paths: HomePaths, number: number): void {
  try {
    writePrivateFile(recordFile(paths.run, NAME, number), JSON.stringify({}));
  } catch {
    // on a full disk the lock is free once this process has ended
  }
}

/**
 * Runs `work` while this process alone may change the users of a home. The server's configuration is written from all users:
 * without the lock, one of two concurrent changes would be lost.
 * @param work synchronous, so that the lock is held briefly
 * @throws StatusError Conflict when another process still holds the lock after `waitMs`; what `work` throws
 */
export async function withUsersLock<T>(paths: HomePaths, work: () => T, waitMs = WAIT_MS): Promise<T> {
  makePrivateFolder(paths.run);
  const deadline = performance.now() + waitMs;
  for (;;) {
    const { number, content } = newestRecord(paths.run, NAME);
    const { holder } = (content ?? {}) as LockRecord;
    if (holder === undefined || !isAlive(holder)) {
      if (!followRecord(paths.run, NAME, number, { holder: identify(process.pid) })) continue; // another process was faster
      try {
        return work();
      } finally {
        release(paths, number + 1);
      }
    }
    if (performance.now() > deadline) {
      throw statusError(
        'Conflict',
        `change the users of ${paths.home}: another process (pid ${holder.pid}) has been changing them for ${waitMs} ms; wait for it, or end it`,
      );
    }
    await pause(LOOK_AGAIN_MS);
  }
}
