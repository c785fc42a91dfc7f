import { HEADER, type Headers, MESSAGE_VERSION } from '../../../contracts/headers.ts';
import { STORE_HEADER } from '../../../contracts/store/stored-headers.ts';
import { REPLY_HEADER } from '../turns/call-routing.ts';
import type { InboundMessage } from './inbound-message.ts';

/** What goes on with a turn: which message caused it, and the trace that it belongs to. */
export interface Cause {
  readonly id?: string;
  /** W3C trace id, 32 hex digits. */
  readonly trace?: string;
}

/**
 * The headers that a behaviour is told of; the recording has the same ones, and no others. A message's id is the call's,
 * who sent it begins the id, and its trace goes on with what is said, whatever the behaviour does.
 */
const HEARD: readonly string[] = [
  HEADER.contentType,
  HEADER.accept,
  REPLY_HEADER,
  HEADER.cause,
  HEADER.epoch,
  'Nats-Sequence',
  'Nats-Last-Sequence',
  STORE_HEADER.before,
];

const NONE: Headers = {};
/** Header values by name, as they arrived. */
export const namedHeaders = ({ headers }: InboundMessage): Headers => headers?.named ?? NONE;

/** Only the broker says where answers go. */
export function heardHeaders(msg: InboundMessage): Headers {
  const named = namedHeaders(msg);
  const heard: Record<string, string> = {};
  for (const name of HEARD) {
    const value = name === REPLY_HEADER ? msg.reply || undefined : named[name];
    if (value !== undefined) heard[name] = value;
  }
  return heard;
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

export function causeOf(headers: Headers): Cause {
  const id = headers[HEADER.id];
  const trace = TRACEPARENT.exec(headers[HEADER.trace] ?? '')?.[1];
  return { ...(id === undefined ? {} : { id }), ...(trace === undefined ? {} : { trace }) };
}

const PRIME = 0x01000193;
const hex8 = (number: number): string => (number >>> 0).toString(16).padStart(8, '0');

/** 16 hex digits of a text: two FNV-1a sums. A span needs to differ from the others of its trace, no more. */
function spanOf(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    a = Math.imul(a ^ unit, PRIME);
    b = Math.imul(b ^ (unit + at), PRIME);
  }
  return hex8(a) + hex8(b);
}

/**
 * The wire form of a message's headers, made by hand: they go on every message, and a general header object is most of
 * what a small message costs.
 */
export function encodeHeaders(
  id: string,
  from: string,
  contentType: string,
  cause: Cause,
  extra: Headers | undefined,
): Uint8Array {
  const span = spanOf(id);
  const trace = cause.trace ?? `${spanOf(`trace ${id}`)}${span}`;
  let text = `NATS/1.0\r\n${HEADER.version}: ${MESSAGE_VERSION}\r\n${HEADER.id}: ${id}\r\n${HEADER.from}: ${from}\r\n${HEADER.trace}: 00-${trace}-${span}-01\r\n${HEADER.contentType}: ${contentType}\r\n`;
  if (cause.id !== undefined) text += `${HEADER.cause}: ${cause.id}\r\n`;
  for (const [name, value] of Object.entries(extra ?? {})) {
    if (name !== HEADER.contentType && name !== REPLY_HEADER) text += `${name}: ${value}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, 'utf8');
}
