import { bodyIn, type RecordedTurn } from '../../../actors/kernel/replay-api.ts';
import { parseKey } from '../../../contracts/store/keys.ts';
import { untoken } from '../../../contracts/subjects/token.ts';

/**
 * Finds the turns that are about something: a name, or `namespace/name`. A turn is about what changed, about what the
 * subjects of the messages that it hears and says name, or their bodies (a node's mail, what a runtime is told of a pod),
 * and about what was asked that it hears the answer to.
 * @returns asked of each turn in turn, from the first on
 */
export function aboutFinder(text: string): (turn: RecordedTurn) => boolean {
  const asks = new Set<string>();
  const isAbout = (names: readonly (string | undefined)[]): boolean =>
    names.some((name, at) => name === text || (at > 0 && `${names[at - 1] ?? ''}/${name ?? ''}` === text));
  const name = Buffer.from(text.slice(text.lastIndexOf('/') + 1));
  const isIn = (body: unknown): boolean =>
    body instanceof Uint8Array && Buffer.from(body.buffer, body.byteOffset, body.length).includes(name)
      ? holds(readable(body), text)
      : false;
  return ({ n, rec, said }) => {
    let about = rec.t === 'answer' && asks.delete(rec.ask);
    if (rec.t === 'call') about = isAbout(rec.subject.split('.').map(untoken)) || isIn(rec.body);
    if (rec.t === 'change') about = rec.keys.some((key) => isAbout(namesOf(key)));
    for (const [at, { subject, body }] of said.entries()) {
      if (!isAbout(subject.split('.').map(untoken)) && !isIn(body)) continue;
      asks.add(`${n}.${at}`);
      about = true;
    }
    return about;
  };
}

function namesOf(key: string): readonly string[] {
  const parts = parseKey(key);
  return parts === undefined ? [] : [parts.namespace, parts.name];
}

/** Is something in it that has that name, in a namespace? What has none, a container, is nobody's object. */
function holds(value: unknown, text: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, namespace } = value as { readonly name?: unknown; readonly namespace?: unknown };
  if (typeof name === 'string' && typeof namespace === 'string' && (name === text || `${namespace}/${name}` === text))
    return true;
  return Object.values(value).some((one) => holds(one, text));
}

function readable(body: Uint8Array): unknown {
  try {
    return bodyIn(body);
  } catch {
    return undefined;
  }
}
