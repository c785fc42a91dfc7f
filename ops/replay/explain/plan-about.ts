import { bodyIn, type RecordedTurn } from '../../../actors/kernel/replay-api.ts';
import { parseKey } from '../../../contracts/store/keys.ts';
import { untoken } from '../../../contracts/subjects/token.ts';

/**
 * Finds the turns about an object with a name, `web-1` or `namespace/web-1`. A turn is about it when the object changed, when
 * a subject or body that it heard or said names it, or when it heard the answer to such a request.
 * @returns a function to call with each turn in order
 */
export function aboutFinder(text: string): (turn: RecordedTurn) => boolean {
  const asks = new Set<string>();
  const isAbout = (names: readonly (string | undefined)[]): boolean =>
    names.some((name, at) => name === text || (at > 0 && `${names[at - 1] ?? ''}/${name ?? ''}` === text));
  const isIn = (body: unknown): boolean => objectsNamed(body, text).length > 0;
  return ({ n, rec, said }) => {
    let about = rec.t === 'answer' && asks.delete(rec.ask);
    if (rec.t === 'call') about = isAbout(rec.subject.split('.').map(untoken)) || isIn(rec.body);
    if (rec.t === 'change') about = rec.keys.some((key) => isKeyNamed(key, text));
    for (const [at, { subject, body }] of said.entries()) {
      if (!isAbout(subject.split('.').map(untoken)) && !isIn(body)) continue;
      asks.add(`${n}.${at}`);
      about = true;
    }
    return about;
  };
}

export function isKeyNamed(key: string, text: string): boolean {
  const parts = parseKey(key);
  return parts !== undefined && isNamed(parts.name, parts.namespace, text);
}

const isNamed = (name: string, namespace: string, text: string): boolean =>
  name === text || `${namespace}/${name}` === text;

/** A reference to an object in a body. */
export interface Named {
  readonly name: string;
  readonly namespace: string;
  /** Absent when the body does not say. */
  readonly kind?: string;
  readonly uid?: string;
}

/** The references, in an encoded body, to objects with a name. What has no namespace, a container, is not an object. */
export function objectsNamed(body: unknown, text: string): readonly Named[] {
  if (!(body instanceof Uint8Array)) return [];
  const name = Buffer.from(text.slice(text.lastIndexOf('/') + 1));
  if (!Buffer.from(body.buffer, body.byteOffset, body.length).includes(name)) return [];
  const found: Named[] = [];
  collect(readable(body), text, undefined, found);
  return found;
}

/** @param kind of the object whose metadata the value is, if it is one's */
function collect(value: unknown, text: string, kind: string | undefined, found: Named[]): void {
  if (typeof value !== 'object' || value === null) return;
  const { name, namespace, uid, kind: own } = value as Readonly<Record<string, unknown>>;
  const known = typeof own === 'string' ? own : kind;
  if (typeof name === 'string' && typeof namespace === 'string' && isNamed(name, namespace, text))
    found.push({
      name,
      namespace,
      ...(known === undefined ? {} : { kind: known }),
      ...(typeof uid === 'string' ? { uid } : {}),
    });
  for (const [field, inner] of Object.entries(value))
    collect(inner, text, field === 'metadata' && typeof own === 'string' ? own : undefined, found);
}

function readable(body: Uint8Array): unknown {
  try {
    return bodyIn(body);
  } catch {
    return undefined;
  }
}
