import { contentTypeOf, decode, decodeAll, MSGPACK_TYPE } from '../../../contracts/codec/codec.ts';
import type { Family } from '../../../contracts/subjects/family.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { UsageError } from '../shared/errors.ts';

export interface Decoded {
  readonly encoding: string;
  readonly bytes: number;
  /** The decoded values; several when YAML holds several documents. */
  readonly documents: readonly unknown[];
}

/**
 * The bytes of a payload given as hex or base64 (also URL-safe), else of the text itself.
 * @throws UsageError when `as` is hex or base64 and the text is not
 */
export function bytesOf(text: string, as: 'hex' | 'base64' | 'guess'): Uint8Array {
  const bare = text.trim().replace(/^0x/, '').replace(/\s+/g, '');
  const hex = bare.length > 0 && bare.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(bare);
  if (as === 'hex' && !hex && bare !== '') throw new UsageError(`"${cut(text)}" is not hex; two digits a byte`);
  if (as === 'base64' && !/^[A-Za-z0-9+/_-]*={0,2}$/.test(bare))
    throw new UsageError(`"${cut(text)}" is not base64; leave out --base64 to detect the encoding`);
  if (as === 'hex' || (as === 'guess' && hex)) return Uint8Array.from(Buffer.from(bare, 'hex'));
  const base64 = /^[A-Za-z0-9+/_-]{8,}={0,2}$/.test(bare);
  if (as === 'base64' || (as === 'guess' && base64)) return Uint8Array.from(Buffer.from(bare, 'base64'));
  return new TextEncoder().encode(text);
}

const cut = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}...` : text.trim());

/**
 * Decodes a message that was read from a pipe.
 * @throws StatusError when it cannot be decoded
 */
export function decodeMessage(piped: Uint8Array, declared?: string): Decoded {
  const bytes = withoutLineFeed(piped, declared);
  return { encoding: contentTypeOf(bytes, declared), bytes: bytes.length, documents: decodeAll(bytes, declared) };
}

/** `nats sub --raw` appends a line feed, which makes MessagePack invalid. */
function withoutLineFeed(bytes: Uint8Array, declared: string | undefined): Uint8Array {
  return bytes.at(-1) === 0x0a && contentTypeOf(bytes, declared) === MSGPACK_TYPE && !isWhole(bytes)
    ? bytes.subarray(0, -1)
    : bytes;
}

function isWhole(bytes: Uint8Array): boolean {
  try {
    decode(bytes, MSGPACK_TYPE);
    return true;
  } catch {
    return false;
  }
}

export interface ReadSubject {
  readonly subject: string;
  readonly family: string;
  readonly means: string;
  readonly tokens: Readonly<Record<string, string>>;
}

/** The unescaped tokens of a subject; `undefined` when it is none of Troupe's subjects. */
export function readSubject(subject: string): ReadSubject | undefined {
  const prefix = subject.slice(0, Math.max(0, subject.indexOf('.')));
  for (const [name, family] of Object.entries(SUBJECTS as Readonly<Record<string, Family>>)) {
    const tokens = family.parse(prefix, subject);
    if (tokens !== undefined) return { subject, family: name, means: family.doc, tokens };
  }
  return undefined;
}
