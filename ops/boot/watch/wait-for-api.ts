import { type StatusError, statusError } from '../../../contracts/errors/status.ts';
import type { Client } from '../../client/client.ts';
import { pause } from '../../client/pause.ts';
import { MASTER } from '../home/cluster.ts';
import type { ChildBook } from './child-book.ts';

/** So long the first answer of an api-server may take. */
const READY_WITHIN_MS = 60_000;
/** A master that ended so often in a row will go on to. */
const FAILURES_MOST = 6;

export interface ApiWait {
  readonly book: Pick<ChildBook, 'failures' | 'lastWords'>;
  /** Of the master. */
  readonly logFile: string;
  readonly say: (text: string) => void;
  /** How often to say that it goes on; 10 s by default. */
  readonly tellEveryMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export const brokenOff = (): StatusError => statusError('ServiceUnavailable', 'the start was broken off');

/**
 * Asks until an api-server has answered, and what every cluster has from the start is there.
 * @throws StatusError Timeout, ServiceUnavailable (the master keeps ending; `signal` was aborted)
 */
export async function waitForApi(
  client: Client,
  { book, logFile, say, tellEveryMs = 10_000, signal }: ApiWait,
): Promise<void> {
  const since = performance.now();
  const lastWords = (): string => `${book.lastWords(MASTER)}; its log is ${logFile}`;
  for (let told = 0; ; ) {
    if (signal?.aborted === true) throw brokenOff();
    try {
      await client.request('get', 'namespaces', { name: 'default' }, { resourceVersion: '0' }, { timeoutMs: 2_000 });
      return;
    } catch (error) {
      if (book.failures(MASTER) >= FAILURES_MOST) {
        throw statusError('ServiceUnavailable', `the master does not start: ${lastWords()}`);
      }
      const waitedMs = performance.now() - since;
      if (waitedMs > READY_WITHIN_MS) {
        throw statusError(
          'Timeout',
          `no api-server answers after ${READY_WITHIN_MS} ms: ${(error as Error).message}; the master said last: ${lastWords()}`,
        );
      }
      if (waitedMs - told >= tellEveryMs) {
        told = waitedMs;
        say(
          `waiting for an api-server to answer, ${(waitedMs / 1000).toFixed()} s so far; the master said last: ${lastWords()}`,
        );
      }
      await pause(25, signal);
    }
  }
}
