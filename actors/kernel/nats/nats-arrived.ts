import type { Msg, PublishOptions } from 'nats';
import { encode, JSON_TYPE } from '../../../contracts/codec/codec.ts';
import { failure } from '../../../contracts/errors/status.ts';
import type { Headers } from '../../../contracts/headers.ts';
import type { InboundMessage } from '../live/message.ts';

const VERSION_LINE = 'NATS/1.0';

/**
 * A message as it arrived, its headers read by a short parser: the client's own validates every name and looks through
 * all names for each, which is more than most messages cost otherwise.
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
   * @throws Error when its headers are none: the broker lets any bytes through
   */
  constructor(message: Msg, repeated: Repeated = 'first') {
    this.#message = message;
    this.subject = message.subject;
    this.data = message.data;
    this.reply = message.reply;
    this.headers = readHeaders(message, this, repeated);
  }

  /**
   * Never throws: the library of micro services answers within a promise that nobody awaits. What cannot be sent, such as
   * more than the server takes, is answered with a refusal instead.
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
      // the connection is closed: nobody hears
    }
  }
}

type Repeated = 'first' | 'last';

/** Header values by name as they were written; of a repeated name one value. */
export class ArrivedHeaders {
  /** Of a status that the server sends; 0 otherwise. */
  readonly code: number;
  readonly named: Headers;

  constructor(code: number, named: Headers) {
    this.code = code;
    this.named = named;
  }

  has(name: string): boolean {
    return this.named[name] !== undefined;
  }
}

/** @param text the whole block: `NATS/1.0[ <code>[ <description>]]\r\n<name>: <value>\r\n...\r\n` */
export function parseHeaders(text: string, repeated: Repeated = 'first'): ArrivedHeaders {
  const named: Record<string, string> = {};
  let end = text.indexOf('\r\n');
  const code = Number.parseInt(text.slice(VERSION_LINE.length, end < 0 ? undefined : end), 10);
  while (end >= 0) {
    const start = end + 2;
    end = text.indexOf('\r\n', start);
    if (end === start) continue; // an end within: the server adds its own headers behind whatever it was given
    const colon = text.indexOf(':', start);
    if (colon <= start || colon >= end) continue;
    const name = text.slice(start, colon);
    if (repeated === 'last' || named[name] === undefined) named[name] = text.slice(colon + 1, end).trim();
  }
  return new ArrivedHeaders(Number.isNaN(code) ? 0 : code, named);
}

/** What the client's messages have besides what their type says: bytes of subject, reply, headers and data. */
type Sized = Msg & { size?(): number };

/** The header block lies before the data, in the same bytes; the message's size tells how long it is. */
function readHeaders(
  message: Msg,
  { subject, reply = '', data }: ArrivedMessage,
  repeated: Repeated,
): ArrivedHeaders | undefined {
  const addressed = subject.length + reply.length;
  const length = ((message as Sized).size?.() ?? 0) - addressed - data.length;
  const isPlain = addressed === Buffer.byteLength(subject) + Buffer.byteLength(reply); // else that is not its length
  if (isPlain && length > 0 && data.byteOffset >= length) {
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

/** The code of a status that the server sent; 0 for any other message, and for one whose headers are none. */
export function statusCodeOf(message: Msg): number {
  try {
    return new ArrivedMessage(message).headers?.code ?? 0;
  } catch {
    return 0;
  }
}
