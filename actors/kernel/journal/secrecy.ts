import {
  type ContentType,
  contentTypeOf,
  decodeAll,
  JSON_TYPE,
  MSGPACK_TYPE,
  YAML_TYPE,
} from '../../../contracts/codec/codec.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import { KINDS } from '../../../contracts/kinds/registry.ts';
import type { Bytes, Id, Rec } from '../contract.ts';
import { REPLY_HEADER } from '../turns/call-routing.ts';
import type { Outgoing } from '../turns/outgoing.ts';

const SECRET = 'Secret';
const SECRET_RESOURCES: ReadonlySet<string> = new Set(
  KINDS.filter(({ secret }) => secret).map(({ resource }) => resource),
);
const CONFIG_MAPS = 'configmaps';
const BUILT_IN_RESOURCES: ReadonlySet<string> = new Set(KINDS.map(({ resource }) => resource));
/** A dot in a token: the resource has a group, as custom resources have. */
const GROUP = '=2E';
/** Verbs whose requests hold no object. */
const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'delete']);

/** What the body of a message may hold, by its subject: secrets, an object of another resource, or neither. */
type Content = 'secrets' | 'configmap' | 'custom' | 'object' | 'other';

/** Classifies the subjects of a cluster. */
export class Subjects {
  readonly #api: string;
  readonly #apply: string;

  constructor(prefix: string) {
    this.#api = `${prefix}.api.`;
    this.#apply = `${prefix}.apply.`;
  }

  isManifest(subject: string): boolean {
    return subject.startsWith(this.#apply);
  }

  /**
   * Whether this subject can carry secret data: requests about secrets, manifests (which may contain Secrets), and requests
   * that the api-server does not know (the resource may be misspelt). The broker's permissions protect such messages; the
   * journal keeps them longer, so it seals them.
   */
  carrySecrets(subject: string): boolean {
    return this.isManifest(subject) || this.contentOf(subject) === 'secrets';
  }

  /** @param subject `<prefix>.api.<caller>.<verb>.<resource>.<namespace>.<name>`; the numbers in the code are the ends of these tokens */
  contentOf(subject: string): Content {
    if (!subject.startsWith(this.#api)) return 'other';
    const caller = subject.indexOf('.', this.#api.length);
    const verb = subject.indexOf('.', caller + 1);
    const resource = subject.indexOf('.', verb + 1);
    const namespace = subject.indexOf('.', resource + 1);
    const known = caller > 0 && verb > caller && resource > verb && namespace > resource;
    if (!known || subject.includes('.', namespace + 1)) return 'secrets';
    const escape = subject.indexOf('=', verb); // before a group or a subresource
    const plural = subject.slice(verb + 1, escape < 0 || escape > resource ? resource : escape);
    if (SECRET_RESOURCES.has(plural)) return 'secrets';
    if (READS.has(subject.slice(caller + 1, verb))) return 'other';
    if (!BUILT_IN_RESOURCES.has(plural))
      return subject.slice(escape, resource).startsWith(GROUP) ? 'custom' : 'secrets';
    return plural === CONFIG_MAPS ? 'configmap' : 'object';
  }
}

const WORD = Buffer.from(SECRET);
const LIST = Buffer.from('List');
const FIELD = Buffer.from('kind');
const ESCAPE = 0x5c;
/** Most bytes (quotes, colons, spaces, MessagePack headers) between a field and its value. */
const BETWEEN_MAX = 24;
const bufferOf = (bytes: Bytes): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const isLetter = (byte: number | undefined): boolean =>
  byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;

/** Whether the word ends there, or continues to SecretList. */
function isWhole(body: Buffer, at: number): boolean {
  const end = at + WORD.length;
  return !isLetter(body[end]) || body.subarray(end, end + LIST.length).equals(LIST);
}

function isValueOfKind(body: Buffer, at: number): boolean {
  let end = at;
  while (end > 0 && at - end < BETWEEN_MAX && !isLetter(body[end - 1])) end -= 1;
  return end >= FIELD.length && body.subarray(end - FIELD.length, end).equals(FIELD);
}

/** Whether this body contains an object of kind Secret or SecretList, in any encoding and at any depth. */
export function holdsSecret(bytes: Bytes): boolean {
  if (bytes.length < FIELD.length + WORD.length) return false;
  const body = bufferOf(bytes);
  for (let at = body.indexOf(WORD); at >= 0; at = body.indexOf(WORD, at + 1)) {
    if (isWhole(body, at) && isValueOfKind(body, at)) return true;
  }
  return false;
}

/** `stringData` in two parts: a search for `Data` has fewer false starts than one for `s`. */
const STRING = Buffer.from('string');
const OF_STRINGS = Buffer.from('Data');
const DATA = Buffer.from('data');
const CONFIG_MAP = Buffer.from('ConfigMap');
const QUOTES_AND_SPACES: ReadonlySet<number | undefined> = new Set(Buffer.from('"\' \t\r\n'));
const COLON = 0x3a;

function hasStringData(body: Buffer): boolean {
  for (let at = body.indexOf(OF_STRINGS); at >= 0; at = body.indexOf(OF_STRINGS, at + 1)) {
    if (body.subarray(Math.max(0, at - STRING.length), at).equals(STRING)) return true;
  }
  return false;
}

/** Whether there is a field `data` (not a value with that text). In MessagePack a map follows it, in text a colon. */
function hasData(body: Buffer): boolean {
  for (let at = body.indexOf(DATA); at >= 0; at = body.indexOf(DATA, at + DATA.length)) {
    if (isLetter(body[at - 1])) continue; // metadata
    let end = at + DATA.length;
    while (QUOTES_AND_SPACES.has(body[end])) end += 1;
    if (body[end] === COLON || isMap(body[end])) return true;
  }
  return false;
}

/**
 * Whether a body that was sent to another resource may be a Secret with a wrong kind. Only Secrets have `stringData`; of the
 * other resources only ConfigMaps have `data`. A body without a kind that was sent to ConfigMaps counts as a ConfigMap.
 */
function maybeStray(bytes: Bytes, content: 'configmap' | 'custom' | 'object'): boolean {
  const body = bufferOf(bytes);
  if (hasStringData(body)) return true;
  if (content === 'custom' || !hasData(body)) return false;
  return content === 'object' || (body.includes(FIELD) && !body.includes(CONFIG_MAP));
}

const isMap = (byte = 0): boolean => (byte >= 0x80 && byte <= 0x8f) || byte === 0xde || byte === 0xdf;
const isList = (byte = 0): boolean => (byte >= 0x90 && byte <= 0x9f) || byte === 0xdc || byte === 0xdd;
/** MessagePack begins an object or list with such a byte; JSON and YAML begin with a letter, a sign or a byte order mark. */
const isText = (bytes: Bytes): boolean => !isMap(bytes[0]) && !isList(bytes[0]);

/** Escaped letters, which no encoder writes; they could hide the word. */
const HIDDEN_LETTER = /\\(?:u00|x|U000000)[4-7]/;
const hidesLetters = (bytes: Bytes): boolean =>
  isText(bytes) && bytes.includes(ESCAPE) && HIDDEN_LETTER.test(bufferOf(bytes).toString('latin1'));

const HARMLESS: ReadonlySet<string> = new Set(KINDS.filter(({ secret }) => !secret).map(({ kind }) => kind));
/**
 * Largest manifest that is decoded to look for Secrets. YAML takes a hundred times as long as the other encodings: this much
 * takes about 10 ms, and up to 100 ms when it is built to be slow (errors, commas, merges).
 */
const READ_BYTES: Readonly<Record<ContentType, number>> = {
  [YAML_TYPE]: 8 * 1024,
  [JSON_TYPE]: 512 * 1024,
  [MSGPACK_TYPE]: 512 * 1024,
};

/**
 * Whether a manifest certainly contains no Secret: every object in it is of a known or a custom kind. False for a manifest that cannot
 * be read or is too large to be read quickly.
 */
export function surelyNoSecret(manifest: Bytes, declared?: string): boolean {
  try {
    if (manifest.length > READ_BYTES[contentTypeOf(manifest, declared)]) return false;
    return !holdsSecret(manifest) && !hidesLetters(manifest) && decodeAll(manifest, declared).every(isHarmless);
  } catch {
    return false;
  }
}

function isHarmless(document: unknown): boolean {
  if (!isPlain(document)) return false;
  const { apiVersion, kind, items } = document;
  if (kind === 'List') return Array.isArray(items) && items.every((item) => isHarmless(item));
  const isCustom = typeof apiVersion === 'string' && apiVersion.includes('/') && kind !== SECRET;
  return (HARMLESS.has(String(kind)) || isCustom) && !Object.hasOwn(document, 'stringData');
}

/** `{}` in MessagePack. */
const EMPTY_BYTES = 1;
/** Most asks and calls that are remembered; beyond that the oldest is forgotten. */
const REMEMBERED_MAX = 65_536;

/**
 * Decides which bodies of one incarnation must be sealed in its recording, and which messages may not even have a plain hash
 * (a reader could test guesses of the secret with it). These are bodies that carry a secret by their subject or content, and
 * what follows from a sealed body: its answer, and requests made because of it.
 */
export class Secrecy {
  /** Open asks: whether the answer carries secret data, or only follows from some. */
  readonly #asks = new Map<Id, 'carries' | 'follows'>();
  readonly #calls = new Set<Id>();
  readonly #subjects: Subjects;
  /** Whether what the turn says follows from something sealed. */
  #follows = false;

  constructor(prefix: string) {
    this.#subjects = new Subjects(prefix);
  }

  get idle(): boolean {
    return this.#asks.size + this.#calls.size === 0;
  }

  /** Called with the record that begins a turn. @returns whether its body must be sealed */
  heard(rec: Rec): boolean {
    if (rec.t === 'start') {
      const lasting = new Set(rec.checkpoint?.asks?.map(({ id }) => id));
      for (const id of this.#asks.keys()) if (!lasting.has(id)) this.#asks.delete(id);
      this.#calls.clear();
    }
    const asked = rec.t === 'answer' && this.#asks.size > 0 ? this.#asks.get(rec.ask) : undefined;
    if (asked !== undefined && rec.t === 'answer') this.#asks.delete(rec.ask);
    const sealed = asked === 'carries' || heardSecret(rec, this.#subjects);
    if (sealed && rec.t === 'call' && rec.headers[REPLY_HEADER] !== undefined) remember(this.#calls, rec.id);
    this.#follows = sealed || asked === 'follows';
    return sealed;
  }

  /** Called with something that the turn said. @returns whether it may be recorded in clear */
  mayBeKept({ id, said, bytes, timeoutMs }: Outgoing): boolean {
    const bySubject = said.kind !== 'reply' && this.#subjects.carrySecrets(said.subject);
    const secret =
      this.#follows || bySubject || (said.call !== undefined && this.#calls.has(said.call)) || holdsSecret(bytes);
    if (said.call !== undefined && said.kind === 'reply') this.#calls.delete(said.call);
    // A request without a body (for the store's revision) reveals nothing about its cause, and many may be open.
    if (timeoutMs !== undefined && secret && (bySubject || bytes.length > EMPTY_BYTES)) {
      if (this.#asks.size >= REMEMBERED_MAX) this.#asks.delete(this.#asks.keys().next().value ?? '');
      this.#asks.set(id, bySubject ? 'carries' : 'follows');
    }
    return !secret;
  }
}

function heardSecret(rec: Rec, subjects: Subjects): boolean {
  if (rec.t === 'call') {
    if (!(rec.body instanceof Uint8Array)) return false;
    if (subjects.isManifest(rec.subject)) return !surelyNoSecret(rec.body, rec.headers[HEADER.contentType]);
    const content = subjects.contentOf(rec.subject);
    if (content === 'secrets' || holdsSecret(rec.body) || hidesLetters(rec.body)) return true;
    return content !== 'other' && maybeStray(rec.body, content);
  }
  if (rec.t === 'answer') return rec.result instanceof Uint8Array && holdsSecret(rec.result);
  return (
    rec.t === 'start' && rec.checkpoint !== undefined && holdsSecret(Buffer.from(JSON.stringify(rec.checkpoint.cells)))
  );
}

function remember(ids: Set<Id>, id: Id): void {
  if (ids.size >= REMEMBERED_MAX) ids.delete(ids.keys().next().value ?? '');
  ids.add(id);
}
