import { statusError } from '../../../contracts/errors/status.ts';
import { aborted, abortWith } from '../../client/abort.ts';
import type { Client } from '../../client/client.ts';
import type { Contact } from '../../client/contact.ts';
import { Exit } from './errors.ts';
import { INTERRUPTED } from './render-error.ts';
import type { Terminal } from './terminal.ts';

/** How long a following command waits while the cluster does not answer; a restart takes a tenth of it. */
export const CLUSTER_WAIT_MS = 60_000;

/** Reports a cluster that does not answer, and gives up after a while. */
export interface ClusterWait extends Contact {
  /** Aborted by the terminal, and when the cluster has not answered for too long. */
  readonly signal: AbortSignal;
}

/**
 * Runs a command that follows something, such as `get -w`. Prints once when the cluster stops answering and once when it answers
 * again.
 * @throws StatusError ServiceUnavailable when it has not answered for `mostMs`; Exit when interrupted
 */
export async function withClusterWait(
  client: Pick<Client, 'url' | 'onDisconnected' | 'onReconnected'>,
  terminal: Terminal,
  work: (wait: ClusterWait) => Promise<void>,
  mostMs = CLUSTER_WAIT_MS,
): Promise<void> {
  const { url } = client;
  const tooLong = new AbortController();
  const end = new AbortController();
  let away: { readonly why: string; readonly timer: NodeJS.Timeout } | undefined;
  let connected = true;
  const lost = (message: string): void => {
    if (away !== undefined || tooLong.signal.aborted) return;
    const [why = message] = message.split('; ', 1); // the remedy here is to wait
    away = { why, timer: setTimeout(() => tooLong.abort(), mostMs) };
    terminal.tell(`${why}; waiting up to ${mostMs / 1000} s for an answer, Ctrl-C ends`);
  };
  const heard = (): void => {
    if (away === undefined || !connected || tooLong.signal.aborted) return; // messages from before the loss may be read after it
    clearTimeout(away.timer);
    away = undefined;
    terminal.tell('the cluster answers again');
  };
  const forget = [
    abortWith(end, terminal.signal),
    abortWith(end, tooLong.signal),
    client.onDisconnected(() => {
      connected = false;
      lost(`the connection to nats-server at ${url} is lost`);
    }),
    client.onReconnected(() => {
      connected = true;
    }),
  ];
  try {
    const working = work({ lost, heard, signal: end.signal });
    working.catch(() => undefined); // ignored once it is no longer awaited
    // `work` may still wait for an answer, as long as a request may take.
    await Promise.race([working, aborted(terminal.signal), aborted(tooLong.signal)]);
    if (terminal.signal.aborted) throw new Exit(INTERRUPTED);
    if (tooLong.signal.aborted) {
      throw statusError(
        'ServiceUnavailable',
        `${away?.why ?? ''}, for ${mostMs / 1000} s now; look at "troupe status", or start the cluster with "troupe up", then repeat this command`,
      );
    }
  } finally {
    clearTimeout(away?.timer);
    for (const each of forget) each();
  }
}
