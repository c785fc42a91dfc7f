import { JetStreamApiError } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { keyOfSubject } from '../../contracts/store/buckets.ts';
import { readStored } from '../../contracts/store/read-stored.ts';
import { STORE_HEADER } from '../../contracts/store/stored-headers.ts';

/** One message as the stream holds it. */
export interface StoredMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
  /** When the server stored it; milliseconds since the epoch. */
  readonly storedAt: number;
  /** Id of the request that wrote it; empty if it has none. */
  readonly request: string;
  /** True for a deletion marker, and for data that is not an object of its key. */
  readonly deleted: boolean;
}

export type MessageQuery =
  | { readonly seq: number }
  | { readonly last_by_subj: string }
  /** The first message of a subject at or after a sequence. */
  | { readonly seq: number; readonly next_by_subj: string };

interface Answer {
  readonly error?: { readonly code: number; readonly err_code: number; readonly description: string };
  readonly message?: {
    readonly subject: string;
    readonly seq: number;
    readonly time: string;
    readonly hdrs?: string;
    readonly data?: string;
  };
}
const NO_MESSAGE = 10037;

/**
 * Reads one message from the stream's leader, which is never stale.
 * @returns undefined when there is no such message
 * @throws JetStreamApiError, and the client library's errors
 */
export async function readMessage(
  connection: NatsConnection,
  stream: string,
  query: MessageQuery,
  timeoutMs: number,
): Promise<StoredMessage | undefined> {
  const subject = `$JS.API.STREAM.MSG.GET.${stream}`;
  const answer = (await connection.request(subject, JSON.stringify(query), { timeout: timeoutMs })).json<Answer>();
  if (answer.error?.err_code === NO_MESSAGE) return undefined;
  if (answer.error !== undefined) throw new JetStreamApiError(answer.error);
  const { message } = answer;
  if (message === undefined) return undefined;
  const data = Buffer.from(message.data ?? '', 'base64');
  return {
    subject: message.subject,
    sequence: message.seq,
    data,
    storedAt: Date.parse(message.time),
    request: headerOf(Buffer.from(message.hdrs ?? '', 'base64').toString('utf8'), STORE_HEADER.request),
    deleted: readStored(keyOfSubject(message.subject), data).object === undefined,
  };
}

function headerOf(block: string, name: string): string {
  const line = block.split('\r\n').find((each) => each.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(name.length + 1).trim() ?? '';
}
