import { Packr } from 'msgpackr';
import { stringify } from 'yaml';
import { statusError } from '../errors/status.ts';
import { checkJson } from './check-json.ts';
import { checkMsgpack } from './check-msgpack.ts';
import { parseYaml } from './parse-yaml.ts';

export type ContentType = 'application/json' | 'application/yaml' | 'application/msgpack';
export const JSON_TYPE = 'application/json';
export const YAML_TYPE = 'application/yaml';
export const MSGPACK_TYPE = 'application/msgpack';

// Plain MessagePack maps, which every language reads; `int64AsType` keeps numbers numbers.
// A field without a value is left out, as JSON leaves it out.
const options = {
  useRecords: false,
  int64AsType: 'number',
  moreTypes: false,
  skipValues: [undefined],
  encodeUndefinedAsNil: true,
} as const;
const packr = new Packr(options);
const text = new TextDecoder('utf-8', { fatal: true });
const utf8 = new TextEncoder();

/** Which encoding is this? `declared` (a content-type header) wins; without one the first byte tells. */
export function contentTypeOf(bytes: Uint8Array, declared?: string): ContentType {
  const name = declared?.split(';', 1)[0]?.trim().toLowerCase();
  if (name !== undefined && name !== '') {
    if (name === JSON_TYPE || name === 'text/json' || name.endsWith('+json')) return JSON_TYPE;
    if (name === MSGPACK_TYPE || name === 'application/x-msgpack') return MSGPACK_TYPE;
    if (name === YAML_TYPE || name === 'text/yaml' || name === 'application/x-yaml' || name === 'text/x-yaml')
      return YAML_TYPE;
    throw statusError(
      'UnsupportedMediaType',
      `decode message: content-type "${name}" is not known; use ${JSON_TYPE}, ${YAML_TYPE} or ${MSGPACK_TYPE}`,
    );
  }
  const first = bytes[0];
  if (first === undefined) return JSON_TYPE;
  if (first === 0x7b || first === 0x5b) return JSON_TYPE;
  if ((first >= 0x80 && first <= 0x8f) || first === 0xde || first === 0xdf) return MSGPACK_TYPE;
  return YAML_TYPE;
}

/** @returns the one document in `bytes`; `undefined` when `bytes` is empty. @throws StatusError BadRequest, UnsupportedMediaType */
export function decode(bytes: Uint8Array, declared?: string): unknown {
  if (bytes.length === 0) return undefined;
  const documents = decodeAll(bytes, declared);
  if (documents.length > 1) {
    throw statusError(
      'BadRequest',
      `decode message: found ${documents.length} YAML documents where one belongs; send several to troupe.apply`,
    );
  }
  return documents[0];
}

/** Every document in `bytes` (only YAML can hold several); empty documents are left out. @throws StatusError */
export function decodeAll(bytes: Uint8Array, declared?: string): unknown[] {
  const type = contentTypeOf(bytes, declared);
  if (bytes.length === 0) return [];
  try {
    if (type === MSGPACK_TYPE) return [unpackStrictly(bytes)];
    if (type === JSON_TYPE) {
      checkJson(bytes);
      return [JSON.parse(text.decode(bytes))];
    }
    return parseYaml(text.decode(bytes));
  } catch (error) {
    throw statusError('BadRequest', `decode message as ${type}: ${findingOf(error)}`);
  }
}

/** A timestamp of MessagePack becomes the RFC 3339 text that it would be in JSON. */
function withoutDates(value: unknown): unknown {
  if (isMoment(value)) return rfc3339(value);
  if (Array.isArray(value)) for (const [at, item] of value.entries()) value[at] = withoutDates(item);
  else if (typeof value === 'object' && value !== null) {
    const fields = value as Record<string, unknown>;
    for (const [name, inner] of Object.entries(fields))
      if (typeof inner === 'object') fields[name] = withoutDates(inner);
  }
  return value;
}

/** What msgpackr makes of a timestamp. No other decoded value has methods of its own. */
interface Moment {
  getTime(): number;
  toISOString(): string;
}
const isMoment = (value: unknown): value is Moment =>
  typeof value === 'object' && value !== null && typeof (value as Partial<Moment>).toISOString === 'function';

function rfc3339(moment: Moment): string {
  if (Number.isNaN(moment.getTime())) throw new Error('a timestamp lies outside the years that a date can have');
  return moment.toISOString().replace('.000Z', 'Z');
}

/** Extension heads: without one, no timestamp is in the message. */
const mayHoldTimestamps = (bytes: Uint8Array): boolean => [0xd6, 0xd7, 0xc7].some((head) => bytes.includes(head));

function unpackStrictly(bytes: Uint8Array): unknown {
  checkMsgpack(bytes);
  const value: unknown = packr.unpack(bytes);
  return mayHoldTimestamps(bytes) ? withoutDates(value) : value;
}

/** In one line, without the piece of the text that the engine quotes: it may be secret, and a refusal may become an Event. */
function findingOf(error: unknown): string {
  const finding = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
  return finding.replace(/, (?:\.\.\.)?".*|(?<=^Unresolved [^:]*): .*|(?<=end of buffer not reached) .*/s, '');
}

/** Texts that YAML 1.1, which most others read, would take for something else (`yes`, a time) are quoted. */
const YAML_WRITING = { compat: 'yaml-1.1' } as const;

/** Parses JSON from outside that stands in a text, under the same limits. @throws Error */
export function decodeJson(source: string): unknown {
  checkJson(utf8.encode(source));
  return JSON.parse(source);
}

export function encode(value: unknown, type: ContentType): Uint8Array {
  if (type === MSGPACK_TYPE) return packr.pack(value);
  return utf8.encode(type === JSON_TYPE ? JSON.stringify(value) : stringify(value, YAML_WRITING));
}

export const encodeMsgpack = (value: unknown): Uint8Array => packr.pack(value);
/** Decodes what `encodeMsgpack` of this process or of a recording wrote, binary data included; messages of others go through `decode`. */
export const decodeMsgpack = (bytes: Uint8Array): unknown => packr.unpack(bytes);
