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
const SECRETS = 'secrets';
const CONFIG_MAPS = 'configmaps';
const HARMLESS_RESOURCES: ReadonlySet<string> = new Set(
  KINDS.map(({ resource }) => resource).filter((resource) => resource !== SECRETS),
);
/** Verbs whose questions hold no object. */
const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'delete']);

/** What the body of a message may be, by its subject: of secrets; an object of another resource; neither. */
type Content = 'secrets' | 'configmap' | 'object' | 'other';

/** What is said on a cluster's subjects. */
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
   * Can this subject carry secret data in the clear? Requests about secrets, manifests, which may hold some, and what is asked of the
   * api-server in a way that it does not know: somebody may have misspelt theirs. The broker's own permissions keep such bodies
   * from strangers; the journal outlives them, so it keeps them sealed.
   */
  carrySecrets(subject: string): boolean {
    return this.isManifest(subject) || this.contentOf(subject) === 'secrets';
  }

  /** @param subject of the api-server's: `<prefix>.api.<caller>.<verb>.<resource>.<namespace>.<name>`; the numbers here are where each token ends */
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
    if (plural === SECRETS) return 'secrets';
    if (READS.has(subject.slice(caller + 1, verb))) return 'other';
    if (!HARMLESS_RESOURCES.has(plural)) return 'secrets';
    return plural === CONFIG_MAPS ? 'configmap' : 'object';
  }
}

const WORD = Buffer.from(SECRET);
const LIST = Buffer.from('List');
const FIELD = Buffer.from('kind');
const ESCAPE = 0x5c;
/** Quotes, colons, spaces or the marks of MessagePack that can lie between a field and its value, at most. */
const BETWEEN_MAX = 24;
const bufferOf = (bytes: Bytes): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const isLetter = (byte: number | undefined): boolean =>
  byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;

/** Does the word end there, or go on to SecretList? */
function isWhole(body: Buffer, at: number): boolean {
  const end = at + WORD.length;
  return !isLetter(body[end]) || body.subarray(end, end + LIST.length).equals(LIST);
}

function isValueOfKind(body: Buffer, at: number): boolean {
  let end = at;
  while (end > 0 && at - end < BETWEEN_MAX && !isLetter(body[end - 1])) end -= 1;
  return end >= FIELD.length && body.subarray(end - FIELD.length, end).equals(FIELD);
}

/** Is there an object of kind Secret or SecretList in this body, whatever its encoding and however deep? */
export function holdsSecret(bytes: Bytes): boolean {
  if (bytes.length < FIELD.length + WORD.length) return false;
  const body = bufferOf(bytes);
  for (let at = body.indexOf(WORD); at >= 0; at = body.indexOf(WORD, at + 1)) {
    if (isWhole(body, at) && isValueOfKind(body, at)) return true;
  }
  return false;
}

/** `stringData` in two: few texts have such a capital, where a search for its `s` would stop at every other word. */
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

/** Is there a field `data`, other than a value that is called so? In MessagePack a map follows, in text a colon. */
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
 * May a body on the subject of another resource have been meant to be a Secret, whatever is wrong with its kind? Only Secrets have
 * `stringData`, and of the other resources only ConfigMaps `data`. What names no kind there is a ConfigMap's.
 */
function maybeStray(bytes: Bytes, content: 'configmap' | 'object'): boolean {
  const body = bufferOf(bytes);
  if (hasStringData(body)) return true;
  if (!hasData(body)) return false;
  return content === 'object' || (body.includes(FIELD) && !body.includes(CONFIG_MAP));
}

const isMap = (byte = 0): boolean => (byte >= 0x80 && byte <= 0x8f) || byte === 0xde || byte === 0xdf;
const isList = (byte = 0): boolean => (byte >= 0x90 && byte <= 0x9f) || byte === 0xdc || byte === 0xdd;
/** What MessagePack makes of an object or a list begins so; JSON and YAML with a letter, a sign or a byte order mark. */
const isText = (bytes: Bytes): boolean => !isMap(bytes[0]) && !isList(bytes[0]);

/** Escapes of letters, as no encoder writes them: a word can hide behind. */
const HIDDEN_LETTER = /\\(?:u00|x|U000000)[4-7]/;
const hidesLetters = (bytes: Bytes): boolean =>
  isText(bytes) && bytes.includes(ESCAPE) && HIDDEN_LETTER.test(bufferOf(bytes).toString('latin1'));

const HARMLESS: ReadonlySet<string> = new Set(KINDS.map(({ kind }) => kind).filter((kind) => kind !== SECRET));
/**
 * Up to here a manifest is read once more than its actor reads it. YAML takes a hundred times as long as the others: so much of it
 * some ten milliseconds, and a tenth of a second where it is made to be slow (nothing but errors, commas, merges).
 */
const READ_BYTES: Readonly<Record<ContentType, number>> = {
  [YAML_TYPE]: 8 * 1024,
  [JSON_TYPE]: 512 * 1024,
  [MSGPACK_TYPE]: 512 * 1024,
};

/**
 * Is it certain that a manifest holds no Secret, nor what was to be one? All in it is of a kind that is known. Of one that cannot be
 * read, or is so large that reading it would take long, nothing is certain.
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
  const { kind, items } = document;
  if (kind === 'List') return Array.isArray(items) && items.every((item) => isHarmless(item));
  return HARMLESS.has(String(kind)) && !Object.hasOwn(document, 'stringData');
}

/** `{}` in MessagePack. */
const EMPTY_BYTES = 1;
/** Asks and calls that are remembered at most; beyond it the oldest is forgotten. */
const REMEMBERED_MAX = 65_536;

/**
 * Which bodies of one incarnation's recording must not lie in it in clear, and of which things said not even a plain hash
 * may: whoever guesses the secret could make sure of it. Those are what carries a secret by its subject or its content,
 * and whatever follows from something sealed: its answer, and what is asked because of it.
 */
export class Secrecy {
  /** Open asks: does the answer carry secret data, or does it only follow from some? */
  readonly #asks = new Map<Id, 'carries' | 'follows'>();
  readonly #calls = new Set<Id>();
  readonly #subjects: Subjects;
  /** What the turn says follows from something sealed. */
  #follows = false;

  constructor(prefix: string) {
    this.#subjects = new Subjects(prefix);
  }

  get idle(): boolean {
    return this.#asks.size + this.#calls.size === 0;
  }

  /** A turn begins with it. @returns must its body be sealed? */
  heard(rec: Rec): boolean {
    if (rec.t === 'start') {
      this.#asks.clear();
      this.#calls.clear();
    }
    const asked = rec.t === 'answer' && this.#asks.size > 0 ? this.#asks.get(rec.ask) : undefined;
    if (asked !== undefined && rec.t === 'answer') this.#asks.delete(rec.ask);
    const sealed = asked === 'carries' || heardSecret(rec, this.#subjects);
    if (sealed && rec.t === 'call' && rec.headers[REPLY_HEADER] !== undefined) remember(this.#calls, rec.id);
    this.#follows = sealed || asked === 'follows';
    return sealed;
  }

  /** Of something that the turn said. @returns may it be kept as it is? */
  mayBeKept({ id, said, bytes, timeoutMs }: Outgoing): boolean {
    const bySubject = said.kind !== 'reply' && this.#subjects.carrySecrets(said.subject);
    const secret =
      this.#follows || bySubject || (said.call !== undefined && this.#calls.has(said.call)) || holdsSecret(bytes);
    if (said.call !== undefined && said.kind === 'reply') this.#calls.delete(said.call);
    // A question without a body (how new is the store?) says nothing of what led to it, and many may wait for its answer.
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
