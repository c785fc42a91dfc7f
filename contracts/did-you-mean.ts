import { distance } from 'fastest-levenshtein';

/** Of a word that is much longer than any that is known nobody asks what was meant, and to compare it would take long. */
const WORD_MAX = 100;

/** The word that was meant, whatever its case: a third of the letters may be wrong, or two have changed places. Pure. */
export function closest(word: string, words: Iterable<string>): string | undefined {
  if (word.length > WORD_MAX) return undefined;
  const given = word.toLowerCase();
  const most = Math.max(1, Math.floor(given.length / 3));
  let best: { readonly one: string; readonly off: number } | undefined;
  for (const one of words) {
    const known = one.toLowerCase();
    const off = distance(given, known);
    const meant = off <= most || (off === 2 && sorted(given) === sorted(known));
    if (meant && off < (best?.off ?? Number.POSITIVE_INFINITY)) best = { one, off };
  }
  return best?.one;
}

const sorted = (word: string): string => Array.from(word).toSorted().join('');

/** The way out for a word that is not known: the one of `words` that was meant, else all that are `known`. Pure. */
export function didYouMean(word: string, words: readonly string[], known = words): string {
  const near = closest(word, words);
  return near === undefined ? `known: ${known.join(', ')}` : `did you mean "${near}"?`;
}
