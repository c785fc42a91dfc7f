import { aborted } from '../../client/abort.ts';
import { pause } from '../../client/pause.ts';

/** What was begun; `undefined` when it is not there `graceMs` after `signal` said to stop. */
export async function started<T>(starting: Promise<T>, signal: AbortSignal, graceMs: number): Promise<T | undefined> {
  const over = new AbortController();
  const tooLate = aborted(signal).then(async () => {
    await pause(graceMs, over.signal);
    return undefined;
  });
  try {
    return await Promise.race([starting, tooLate]);
  } finally {
    over.abort();
  }
}
