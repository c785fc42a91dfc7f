import { aborted } from '../../client/abort.ts';
import { pause } from '../../client/pause.ts';

/** Waits for `starting`. @returns `undefined` when it has not resolved `graceMs` after `signal` was aborted */
export async function awaitStart<T>(
  starting: Promise<T>,
  signal: AbortSignal,
  graceMs: number,
): Promise<T | undefined> {
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
