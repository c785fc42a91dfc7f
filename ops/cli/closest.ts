import { distance } from 'fastest-levenshtein';

/** The likeliest of `words` for a misspelt one: at most a third of its letters wrong (two in short ones). */
export function closest(word: string, words: readonly string[]): string | undefined {
  const limit = Math.max(word.length > 3 ? 2 : 1, Math.floor(word.length / 3)); // two letters swapped count as two
  let best: { readonly word: string; readonly off: number } | undefined;
  for (const candidate of words) {
    const off = distance(word, candidate);
    if (off <= limit && off < (best?.off ?? Number.POSITIVE_INFINITY)) best = { word: candidate, off };
  }
  return best?.word;
}
