import { statusError } from '../../../contracts/errors/status.ts';
import { aborted, abortWith } from '../../client/abort.ts';
import type { Client } from '../../client/client.ts';
import type { Contact } from '../../client/contact.ts';
import { Exit } from './errors.ts';
import { INTERRUPTED } from './render-error.ts';
import type { Terminal } from './terminal.ts';

/** How long a command that goes on waits for a cluster that is away: a restart takes a tenth of it. */
export const CLUSTER_WAIT_MS = 60_000;

/** What a command that goes on and on tells of a cluster that is away, and when it gives up. */
export interface ClusterWait extends Contact {
  /** Aborted by the terminal, and when the cluster was away for too long. */
  readonly signal: AbortSignal;
}

/**
 * Has `work` follow something for as long as that goes on. That the cluster is lost, and back, is told once each.
 * @throws StatusError ServiceUnavailable when it was away for `mostMs`; Exit when it was interrupted
 */
export async function withClusterWait(
  client: Pick<Client, 'url' | 'onDisconnected' | 'onReconnected'>,
  terminal: Terminal,
  work: (patience: ClusterWait) => Promise<void>,
  mostMs = CLUSTER_WAIT_MS,
): Promise<void> {
  const { url } = client;
  const tooLong = new AbortController();
  const end = new AbortController();
  let away: { readonly why: string; readonly timer: NodeJS.Timeout } | undefined;
  let connected = true;
  const lost = (message: string): void => {
    if (away !== undefined || tooLong.signal.aborted) return;
    const [why = message] = message.split('; ', 1); // the way out is to wait
    away = { why, timer: setTimeout(() => tooLong.abort(), mostMs) };
    terminal.tell(`${why}; waiting up to ${mostMs / 1000} s for an answer, Ctrl-C ends`);
  };
  const heard = (): void => {
    if (away === undefined || !connected || tooLong.signal.aborted) return; // what came before the loss may be read after it
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
    working.catch(() => undefined); // of no interest once it is not waited for
    // It may wait for an answer yet, for as long as a question may take.
    await Promise.race([working, aborted(terminal.signal), aborted(tooLong.signal)]);
    if (terminal.signal.aborted) throw new Exit(INTERRUPTED);
    if (tooLong.signal.aborted) {
      throw statusError(
        'ServiceUnavailable',
        `${away?.why ?? ''}, for ${mostMs / 1000} s now; look at "troupe status", or start the cluster with "troupe up", then type this again`,
      );
    }
  } finally {
    clearTimeout(away?.timer);
    for (const each of forget) each();
  }
}
