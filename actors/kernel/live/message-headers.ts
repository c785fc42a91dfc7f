import { HEADER, type Headers, MESSAGE_VERSION } from '../../../contracts/headers.ts';
import { STORE_HEADER } from '../../../contracts/store/stored-headers.ts';
import { REPLY_HEADER } from '../turns/call-routing.ts';
import type { InboundMessage } from './inbound-message.ts';

/** The message that caused a turn, and the trace that it belongs to; both are passed on to the turn's outputs. */
export interface Cause {
  readonly id?: string;
  /** W3C trace id, 32 hex digits. */
  readonly trace?: string;
}

/**
 * The headers that a behaviour sees, and that are recorded. The others need not be among them: the message's id becomes the
 * call's id, which begins with the sender's name, and the trace is passed on without the behaviour.
 */
const HEARD: readonly string[] = [
  HEADER.contentType,
  HEADER.accept,
  REPLY_HEADER,
  HEADER.cause,
  HEADER.epoch,
  HEADER.user,
  HEADER.groups,
  HEADER.extra,
  'Nats-Sequence',
  'Nats-Last-Sequence',
  STORE_HEADER.before,
];

const NONE: Headers = {};
/** Header values by name, as received. */
export const namedHeaders = ({ headers }: InboundMessage): Headers => headers?.named ?? NONE;

/** The headers for the behaviour. The reply subject comes from the broker's protocol, never from a header. */
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

/** 16 hex digits of a text: two FNV-1a hashes. A span id only has to differ from the others of its trace. */
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
 * Encodes a message's header block directly: a general header object would be most of the cost of a small message.
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

/** Encodes these headers alone. */
export function encodePlainHeaders(headers: Headers): Uint8Array {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`NATS/1.0\r\n${lines.join('')}\r\n`, 'utf8');
}
