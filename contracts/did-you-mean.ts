import { distance } from 'fastest-levenshtein';

/** Longer words get no suggestion: no known word is that long, and the comparison would be slow. */
const WORD_MAX = 100;

/** The most similar known word, ignoring case: up to a third of its letters may differ, or two be swapped. Pure. */
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

/** The hint for an unknown word: the most similar one of `words`, or else a list of all `known` words. Pure. */
export function didYouMean(word: string, words: readonly string[], known = words): string {
  const near = closest(word, words);
  return near === undefined ? `known: ${known.join(', ')}` : `did you mean "${near}"?`;
}
