import { decodeMsgpack } from '../../../contracts/codec/codec.ts';
import { isPlain } from '../../../contracts/kinds/plain.ts';
import { KINDS } from '../../../contracts/kinds/registry.ts';
import type { Bytes, Id, Rec } from '../contract.ts';
import { REPLY_HEADER } from '../turns/heard-calls.ts';
import type { Outgoing } from '../turns/outgoing.ts';

const SECRET = 'Secret';
const SECRETS = 'secrets';
const HARMLESS_RESOURCES: ReadonlySet<string> = new Set(
  KINDS.map(({ resource }) => resource).filter((resource) => resource !== SECRETS),
);
/** `<prefix>.api.<caller>.<verb>.<resource>.<namespace>.<name>`; the resource up to its group or subresource. */
const ASKED = /(?:^|\.)api\.[^.]+\.([^.]+)\.([^.=]+)[^.]*(?:\.[^.]+){0,2}$/;
/** Verbs whose questions hold no object. */
const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'delete']);
const MANIFEST = /(^|\.)(?<!api\.[^.]+\.)apply\./;
const isManifest = (subject: string): boolean => subject.includes('apply.') && MANIFEST.test(subject);

/**
 * Can this subject carry secret data in the clear? Requests about secrets, manifests, which may hold some, and objects of a
 * resource that nobody knows: somebody may have misspelt theirs. The broker's own permissions keep such bodies from
 * strangers; the journal outlives them, so it keeps them sealed.
 */
export function carriesSecrets(subject: string): boolean {
  const [, verb = '', resource = ''] = (subject.includes('api.') ? ASKED.exec(subject) : null) ?? [];
  if (resource !== '' && !HARMLESS_RESOURCES.has(resource) && (resource === SECRETS || !READS.has(verb))) return true;
  return isManifest(subject);
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

/** JSON and YAML begin with a letter or a mark; what MessagePack makes of an object or a list does not. */
const isText = (bytes: Bytes): boolean => (bytes[0] ?? 0) < 0x80;

/** Escapes of letters, as no encoder writes them: a word can hide behind. */
const HIDDEN_LETTER = /\\(?:u00|x|U000000)[4-7]/;
const hidesLetters = (bytes: Bytes): boolean =>
  isText(bytes) && bytes.includes(ESCAPE) && HIDDEN_LETTER.test(bufferOf(bytes).toString('latin1'));

const KIND_FIELD = /(?<![A-Za-z])kind["']?\s*:\s*["']?([^\s"',}\]#]*)/g;
/** In whatever field it stands, and in any case. */
const VALUE_SECRET = /:\s*["']?secrets?(?:list)?["']?\s*(?:[,}\]#\n]|$)/im;
const DOCUMENT_START = /^---/m;
const LOOKED_AT_BYTES = 256 * 1024;
const HARMLESS: ReadonlySet<string> = new Set([
  'List',
  ...KINDS.map(({ kind }) => kind).filter((kind) => kind !== SECRET),
]);

/**
 * Is it certain that a manifest holds no Secret, however it is written, nor what was to be one? Every document names its kind, one
 * that is known, and nothing is put together from escapes. Of a very large one nothing is certain: looking would take long.
 */
export function surelyNoSecret(manifest: Bytes): boolean {
  if (manifest.length > LOOKED_AT_BYTES) return false;
  if (!isText(manifest)) return isHarmless(manifest);
  const body = bufferOf(manifest);
  if (body.includes(ESCAPE)) return false;
  for (let at = body.indexOf(WORD); at >= 0; at = body.indexOf(WORD, at + 1)) if (isWhole(body, at)) return false;
  const text = body.toString('latin1');
  return !VALUE_SECRET.test(text) && text.split(DOCUMENT_START).every(namesHarmlessKinds);
}

function namesHarmlessKinds(document: string): boolean {
  let named = false;
  for (const [, kind = ''] of document.matchAll(KIND_FIELD)) {
    if (!HARMLESS.has(kind)) return false;
    named = true;
  }
  return named || document.trim() === '';
}

function isHarmless(packed: Bytes): boolean {
  if (holdsSecret(packed)) return false;
  try {
    const document: unknown = decodeMsgpack(packed);
    const items = isPlain(document) && Array.isArray(document['items']) ? (document['items'] as unknown[]) : [];
    return [document, ...items].every((one) => isPlain(one) && HARMLESS.has(String(one['kind'])));
  } catch {
    return false;
  }
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
  /** What the turn says follows from something sealed. */
  #follows = false;

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
    const sealed = asked === 'carries' || heardSecret(rec);
    if (sealed && rec.t === 'call' && rec.headers[REPLY_HEADER] !== undefined) remember(this.#calls, rec.id);
    this.#follows = sealed || asked === 'follows';
    return sealed;
  }

  /** Of something that the turn said. @returns may it be kept as it is? */
  mayBeKept({ id, said, bytes, timeoutMs }: Outgoing): boolean {
    const bySubject = said.kind !== 'reply' && carriesSecrets(said.subject);
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

function heardSecret(rec: Rec): boolean {
  if (rec.t === 'call') {
    if (!(rec.body instanceof Uint8Array)) return false;
    if (!carriesSecrets(rec.subject)) return holdsSecret(rec.body) || hidesLetters(rec.body);
    return !(isManifest(rec.subject) && surelyNoSecret(rec.body));
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
