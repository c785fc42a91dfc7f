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

/**
 * Every message of a stream that is in it now, oldest first.
 * @param largestBytes of one message: so many are asked for ahead that the server need not hold too much
 * @param subject only messages on subjects of this pattern
 * @throws StatusError ServiceUnavailable: the connection ended in the middle
 */
export async function* readStream(
  connection: NatsConnection,
  stream: string,
  largestBytes: number,
  subject?: string,
): AsyncGenerator<StreamMessage> {
  try {
    if (yield* readAll(connection, stream, largestBytes, subject)) return;
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
): AsyncGenerator<StreamMessage, boolean> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const { state } = await manager.streams.info(stream);
  if (state.messages === 0) return true;
  const consumer = await jetstream(connection).consumers.get(stream, {
    deliver_policy: DeliverPolicy.All,
    ...(subject === undefined ? {} : { filter_subjects: [subject] }),
  });
  const info = await consumer.info(true);
  if (info.num_pending === 0) return true;
  const messages = await consumer.consume({ max_messages: Math.floor(BYTES_AHEAD / largestBytes) });
  try {
    for await (const msg of messages) {
      const headers = new Map<string, string>();
      for (const [name, values] of msg.headers ?? []) headers.set(name, values[0] ?? '');
      yield { subject: msg.subject, sequence: msg.seq, data: msg.data, headers };
      if (msg.seq >= state.last_seq || msg.info.pending === 0) return true;
    }
  } finally {
    if (!connection.isClosed()) await messages.close();
  }
  return false;
}
