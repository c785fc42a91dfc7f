import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { statusError } from '../../contracts/errors/status.ts';

export interface StreamMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
  readonly headers: ReadonlyMap<string, string>;
}

/** What a server holds for a client before it takes it for dead is 64 MiB by default; this stays below it. */
const BYTES_AHEAD = 48 * 1024 * 1024;
/** A server that has messages sends one at once; one that counts some which its files have lost sends none, ever. */
const SILENCE_MS = 20_000;

/**
 * Every message of a stream that is in it now, oldest first.
 * @param largestBytes of one message: so many are asked for ahead that the server need not hold too much
 * @param subject only messages on subjects of this pattern
 * @throws StatusError ServiceUnavailable: the connection ended in the middle, or messages that are there did not come
 */
export async function* readStream(
  connection: NatsConnection,
  stream: string,
  largestBytes: number,
  subject?: string,
  silenceMs = SILENCE_MS,
): AsyncGenerator<StreamMessage> {
  try {
    if (yield* readAll(connection, stream, largestBytes, subject, silenceMs)) return;
  } catch (error) {
    if (!connection.isClosed()) throw error;
  }
  throw statusError('ServiceUnavailable', `read ${stream}: the nats-server went away in the middle; try again`);
}

/** @returns whether the end was reached */
async function* readAll(
  connection: NatsConnection,
  stream: string,
  largestBytes: number,
  subject: string | undefined,
  silenceMs: number,
): AsyncGenerator<StreamMessage, boolean> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const { state } = await manager.streams.info(stream);
  if (state.messages === 0) return true;
  const consumer = await jetstream(connection).consumers.get(stream, {
    deliver_policy: DeliverPolicy.All,
    ...(subject === undefined ? {} : { filter_subjects: [subject] }),
  });
  const info = await consumer.info(true);
  let left = info.num_pending;
  if (left === 0) return true;
  const messages = await consumer.consume({ max_messages: Math.floor(BYTES_AHEAD / largestBytes) });
  try {
    const silent = (): Error =>
      statusError(
        'ServiceUnavailable',
        `read ${stream}: the nats-server counts ${left} messages more and has sent none for ${silenceMs / 1000} s; where its files are damaged, restore them from a copy`,
      );
    for await (const msg of untilSilent(messages, silenceMs, silent)) {
      left = msg.info.pending;
      const headers = new Map<string, string>();
      for (const [name, values] of msg.headers ?? []) headers.set(name, values[0] ?? '');
      yield { subject: msg.subject, sequence: msg.seq, data: msg.data, headers };
      if (msg.seq >= state.last_seq || left === 0) return true;
    }
  } finally {
    if (!connection.isClosed()) await messages.close();
  }
  return false;
}

/** The messages; it is the wait for one that counts, not what is done with it. */
async function* untilSilent<T>(messages: AsyncIterable<T>, silenceMs: number, silent: () => Error): AsyncGenerator<T> {
  const left = messages[Symbol.asyncIterator]();
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_done, failed) => {
      timer = setTimeout(() => failed(silent()), silenceMs);
    });
    const next = await Promise.race([left.next(), silence]).finally(() => clearTimeout(timer));
    if (next.done === true) return;
    yield next.value;
  }
}
