import { type StatusError, statusError } from '../../../contracts/errors/status.ts';
import type { Client } from '../../client/client.ts';
import { pause } from '../../client/pause.ts';
import { MASTER } from '../home/cluster.ts';
import type { ChildProcesses } from './child-processes.ts';

/** Timeout of the first answer of an api-server. */
const READY_WITHIN_MS = 60_000;
/** After this many failures in a row the master is given up. */
const FAILURES_MOST = 6;

export interface ApiWait {
  readonly tracked: Pick<ChildProcesses, 'failures' | 'lastLine'>;
  /** The master's log. */
  readonly logFile: string;
  readonly say: (text: string) => void;
  /** How often to report while waiting, in milliseconds; default 10 s. */
  readonly reportEveryMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export const startAborted = (): StatusError => statusError('ServiceUnavailable', 'the start was cancelled');

/**
 * Waits until an api-server answers and the namespace `default` exists.
 * @throws StatusError Timeout, ServiceUnavailable (the master keeps ending, or `signal` was aborted)
 */
export async function waitForApi(
  client: Client,
  { tracked, logFile, say, reportEveryMs = 10_000, signal }: ApiWait,
): Promise<void> {
  const since = performance.now();
  const lastLine = (): string => `${tracked.lastLine(MASTER)}; its log is ${logFile}`;
  for (let reportedMs = 0; ; ) {
    if (signal?.aborted === true) throw startAborted();
    try {
      await client.request('get', 'namespaces', { name: 'default' }, { resourceVersion: '0' }, { timeoutMs: 2_000 });
      return;
    } catch (error) {
      if (tracked.failures(MASTER) >= FAILURES_MOST) {
        throw statusError('ServiceUnavailable', `the master does not start: ${lastLine()}`);
      }
      const waitedMs = performance.now() - since;
      if (waitedMs > READY_WITHIN_MS) {
        throw statusError(
          'Timeout',
          `no api-server answers after ${READY_WITHIN_MS} ms: ${(error as Error).message}; the master's last line: ${lastLine()}`,
        );
      }
      if (waitedMs - reportedMs >= reportEveryMs) {
        reportedMs = waitedMs;
        say(
          `waiting for an api-server to answer, ${(waitedMs / 1000).toFixed()} s so far; the master's last line: ${lastLine()}`,
        );
      }
      await pause(25, signal);
    }
  }
}
