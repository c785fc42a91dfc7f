import type { MsgHdrs } from 'nats';
import type { Headers } from '../../../contracts/headers.ts';

export const VERSION_LINE = 'NATS/1.0';

/**
 * Wraps an encoded header block so that the client publishes it unchanged. The client only calls `encode()` on a header
 * object, and building a general one is most of the cost of a small message.
 */
export const rawHeaders = (bytes: Uint8Array): MsgHdrs => ({ encode: () => bytes }) as unknown as MsgHdrs;

/** Which value counts when a header name is repeated. */
export type Repeated = 'first' | 'last';

/** Header values by name, spelt as on the wire; one value for a repeated name. */
export class ArrivedHeaders {
  /** Status code of a message that the server itself sent; 0 for any other message. */
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
    if (end === start) continue; // an empty line inside the block: the server appends its own headers after it
    const colon = text.indexOf(':', start);
    if (colon <= start || colon >= end) continue;
    const name = text.slice(start, colon);
    if (repeated === 'last' || named[name] === undefined) named[name] = text.slice(colon + 1, end).trim();
  }
  return new ArrivedHeaders(Number.isNaN(code) ? 0 : code, named);
}
