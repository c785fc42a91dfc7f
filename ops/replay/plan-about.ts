import type { RecordedTurn } from '../../actors/kernel/journal/journal.ts';
import { parseKey } from '../../contracts/store/keys.ts';
import { untoken } from '../../contracts/subjects/token.ts';

/**
 * Finds the turns that are about something: a name, or `namespace/name`. A turn is about what changed, about what the
 * subjects that it hears and says name, and about what was asked that it hears the answer to.
 * @returns asked of each turn in turn, from the first on
 */
export function aboutFinder(text: string): (turn: RecordedTurn) => boolean {
  const asks = new Set<string>();
  const isAbout = (names: readonly (string | undefined)[]): boolean =>
    names.some((name, at) => name === text || (at > 0 && `${names[at - 1] ?? ''}/${name ?? ''}` === text));
  return ({ n, rec, said }) => {
    let about = rec.t === 'answer' && asks.delete(rec.ask);
    if (rec.t === 'call') about = isAbout(rec.subject.split('.').map(untoken));
    if (rec.t === 'change') about = rec.keys.some((key) => isAbout(namesOf(key)));
    for (const [at, { subject }] of said.entries()) {
      if (!isAbout(subject.split('.').map(untoken))) continue;
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
