import { statusError } from '../../../contracts/errors/status.ts';
import { pause } from '../../client/pause.ts';
import { type HomePaths, makePrivateFolder, writePrivateFile } from '../home/home.ts';
import { followRecord, newestRecord, recordFile } from '../home/numbered-record.ts';
import { identify, isAlive, type ProcessId } from '../watch/processes.ts';

interface TurnRecord {
  /** Whose turn it is; absent: nobody's. */
  readonly holder?: ProcessId;
}

const NAME = 'users';
const LOOK_AGAIN_MS = 10;
const WAIT_MS = 10_000;

function giveBack(paths: HomePaths, number: number): void {
  try {
    writePrivateFile(recordFile(paths.run, NAME, number), JSON.stringify({}));
  } catch {
    // on a full disk the end of this process says the same
  }
}

/**
 * Lets one process of a home at a time change its users and the server's configuration, which is written from all of them:
 * whoever reads the users and writes it while another does so would leave one of the two out.
 * @param work what to do; synchronous, so that nobody waits for long
 * @throws StatusError Conflict when another is not done after `waitMs`, and what `work` throws
 */
export async function usersTurn<T>(paths: HomePaths, work: () => T, waitMs = WAIT_MS): Promise<T> {
  makePrivateFolder(paths.run);
  const deadline = performance.now() + waitMs;
  for (;;) {
    const { number, content } = newestRecord(paths.run, NAME);
    const { holder } = (content ?? {}) as TurnRecord;
    if (holder === undefined || !isAlive(holder)) {
      if (!followRecord(paths.run, NAME, number, { holder: identify(process.pid) })) continue; // another was faster
      try {
        return work();
      } finally {
        giveBack(paths, number + 1);
      }
    }
    if (performance.now() > deadline) {
      throw statusError(
        'Conflict',
        `change the users of ${paths.home}: another process (pid ${holder.pid}) has been at it for ${waitMs} ms; wait for it, or end it`,
      );
    }
    await pause(LOOK_AGAIN_MS);
  }
}
