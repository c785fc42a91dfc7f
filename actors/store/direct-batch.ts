import { createInbox, type Msg, type NatsConnection } from 'nats';
import { statusError } from '../../contracts/errors/status.ts';

/** One message of a batch. */
export interface DirectMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly storedAt: number;
}
export type DirectQuery =
  | { readonly seq: number; readonly batch: number }
  | { readonly start_time: string; readonly batch: number }
  | { readonly multi_last: readonly string[] };

const NOT_FOUND = 404;
const END_OF_BATCH = 204;

/**
 * Several messages for one question; of a stream that allows direct gets. Never stale for what has been stored long enough
 * to be the same on every replica, such as a mirror's past.
 * @param options.inboxPrefix prefix of the inboxes that this user may subscribe to
 * @throws StatusError ServiceUnavailable: the server refused; Error: it did not answer in time
 */
export function directBatch(
  connection: NatsConnection,
  stream: string,
  query: DirectQuery,
  options: { readonly inboxPrefix: string | undefined; readonly timeoutMs: number },
): Promise<readonly DirectMessage[]> {
  return new Promise((resolve, reject) => {
    const messages: DirectMessage[] = [];
    const inbox = createInbox(options.inboxPrefix);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      subscription.unsubscribe();
      settle();
    };
    const timer = setTimeout(() => {
      end(() => reject(new Error(`no answer within ${Math.ceil(options.timeoutMs)} ms`)));
    }, options.timeoutMs);
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error !== null) return end(() => reject(error));
        const code = message.headers?.code ?? 0;
        if (code === NOT_FOUND || code === END_OF_BATCH) return end(() => resolve(messages));
        if (code > 0) {
          const finding = `${code} ${message.headers?.description ?? ''}`.trim();
          return end(() => reject(statusError('ServiceUnavailable', `read ${stream}: the server answered ${finding}`)));
        }
        messages.push(parse(message));
      },
    });
    connection.publish(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(query), { reply: inbox });
  });
}

function parse(message: Msg): DirectMessage {
  const header = (name: string): string => message.headers?.get(name) ?? '';
  return {
    subject: header('Nats-Subject'),
    sequence: Number(header('Nats-Sequence')),
    data: message.data,
    storedAt: Date.parse(header('Nats-Time-Stamp')),
  };
}
