import type { Msg, NatsConnection } from 'nats';
import { statusError } from '../../contracts/errors/status.ts';
import { guarded } from '../kernel/nats/nats-guarded-callback.ts';
import { newInbox } from '../kernel/nats/nats-inbox.ts';

/** One message of a batch. */
export interface DirectMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
}
interface LastQuery {
  readonly multi_last: readonly string[];
  readonly seq: number;
  readonly max_bytes: number;
}

export interface DirectOptions {
  /** Prefix of the inboxes to which this user may subscribe. */
  readonly inboxPrefix: string | undefined;
  readonly timeoutMs: number;
}

interface Batch {
  readonly messages: readonly DirectMessage[];
  /** Number of messages that the server has not sent yet. */
  readonly pending: number;
}

const NOT_FOUND = 404;
const END_OF_BATCH = 204;
/** Size of a batch. Without it the server sends as much as it may buffer for one client, and then ends the batch as well. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;

/**
 * The newest message of each subject that has one, in no particular order, read in as many batches as needed. The stream
 * must allow direct gets.
 * @param subjects at most 1,024, without wildcards
 * @throws StatusError ServiceUnavailable: the server answered with an error; Error: it did not answer in time
 */
export async function newestOfEach(
  connection: NatsConnection,
  stream: string,
  subjects: readonly string[],
  { inboxPrefix, timeoutMs }: DirectOptions,
): Promise<readonly DirectMessage[]> {
  const deadline = performance.now() + timeoutMs;
  const newest = new Map<string, DirectMessage>(); // a subject that is written meanwhile is sent again
  for (let seq = 1; ; ) {
    const query = { multi_last: subjects, seq, max_bytes: BATCH_BYTES_MAX };
    const { messages, pending } = await ask(connection, stream, query, {
      inboxPrefix,
      timeoutMs: Math.max(0, deadline - performance.now()),
    });
    for (const message of messages) {
      newest.set(message.subject, message);
      seq = Math.max(seq, message.sequence + 1);
    }
    if (pending === 0 || messages.length === 0) return [...newest.values()];
  }
}

function ask(connection: NatsConnection, stream: string, query: LastQuery, options: DirectOptions): Promise<Batch> {
  return new Promise((resolve, reject) => {
    const messages: DirectMessage[] = [];
    const inbox = newInbox(options.inboxPrefix);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      subscription.unsubscribe();
      settle();
    };
    const timer = setTimeout(() => {
      end(() => reject(new Error(`no answer within ${Math.ceil(options.timeoutMs)} ms`)));
    }, options.timeoutMs);
    const subscription = connection.subscribe(inbox, {
      callback: guarded(
        (error, message) => {
          if (error !== null) return end(() => reject(error));
          const code = message.headers?.code ?? 0;
          if (code === NOT_FOUND || code === END_OF_BATCH) {
            const pending = Number(message.headers?.get('Nats-Num-Pending') ?? 0);
            return end(() => resolve({ messages, pending }));
          }
          if (code > 0) {
            const finding = `${code} ${message.headers?.description ?? ''}`.trim();
            return end(() =>
              reject(statusError('ServiceUnavailable', `read ${stream}: the server answered ${finding}`)),
            );
          }
          messages.push(parse(message));
        },
        (failure) => end(() => reject(failure)),
      ),
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
  };
}
