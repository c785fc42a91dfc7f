import type { Msg, PublishOptions } from 'nats';
import { encode, JSON_TYPE } from '../../../contracts/codec/codec.ts';
import { failure } from '../../../contracts/errors/status.ts';
import type { InboundMessage } from '../live/inbound-message.ts';
import { ArrivedHeaders, parseHeaders, type Repeated, VERSION_LINE } from './nats-headers.ts';

/**
 * A received message whose headers are read by our own short parser. The client's parser validates each name and searches
 * all names for each lookup, which costs more than the rest of handling most messages.
 */
export class ArrivedMessage implements InboundMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply: string | undefined;
  /** Absent when the message has none. */
  readonly headers: ArrivedHeaders | undefined;
  readonly #message: Msg;

  /**
   * @param repeated which value of a repeated name counts
   * @throws Error when the header block is malformed: the broker passes on any bytes
   */
  constructor(message: Msg, repeated: Repeated = 'first') {
    this.#message = message;
    this.subject = message.subject;
    this.data = message.data;
    this.reply = message.reply;
    this.headers = readHeaders(message, this, repeated);
  }

  /**
   * Never throws: the micro service library answers inside a promise that it does not await. If `data` cannot be sent (it
   * exceeds the server's limit, for example), an InternalError `Status` is sent instead.
   * @returns whether `data` was sent
   */
  respond(data: Uint8Array, options?: PublishOptions): boolean {
    try {
      return this.#message.respond(data, options);
    } catch (error) {
      this.#refuse(`answer ${this.subject}: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  }

  #refuse(message: string): void {
    try {
      this.#message.respond(encode(failure('InternalError', message), JSON_TYPE));
    } catch {
      // The connection is closed, so no answer can be sent.
    }
  }
}

/** The client's messages have this method, which their type omits: bytes of subject, reply, headers and data together. */
type Sized = Msg & { size?(): number };

/** The header block lies directly before the data in the same buffer; its length follows from the message's size. */
function readHeaders(
  message: Msg,
  { subject, reply = '', data }: ArrivedMessage,
  repeated: Repeated,
): ArrivedHeaders | undefined {
  const addressed = subject.length + reply.length;
  const length = ((message as Sized).size?.() ?? 0) - addressed - data.length;
  // With non-ASCII subjects the length in UTF-16 units is not the length in bytes; then the client's parser is used.
  const isAscii = addressed === Buffer.byteLength(subject) + Buffer.byteLength(reply);
  if (isAscii && length > 0 && data.byteOffset >= length) {
    const text = Buffer.from(data.buffer, data.byteOffset - length, length).toString('utf8');
    if (!text.startsWith(VERSION_LINE)) throw new Error(`its headers do not begin with ${VERSION_LINE}`);
    return parseHeaders(text, repeated);
  }
  const { headers } = message;
  if (headers === undefined) return undefined;
  return new ArrivedHeaders(
    headers.code,
    Object.fromEntries(headers.keys().map((name) => [name, headers[repeated === 'last' ? 'last' : 'get'](name)])),
  );
}

/** The code of a status that the server sent; 0 for any other message, and for one with a malformed header block. */
export function statusCodeOf(message: Msg): number {
  try {
    return new ArrivedMessage(message).headers?.code ?? 0;
  } catch {
    return 0;
  }
}
