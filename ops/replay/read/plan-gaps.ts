/** Consecutive turns that are missing from a recording. */
export interface Gap {
  /** Number of the last turn before it; 0 when the recording's beginning is missing. */
  readonly after: number;
  readonly turns: number;
}

/**
 * Finds missing turns: the recorder could not keep up and dropped a segment, or retention dropped the beginning.
 * @param turns  in order of number
 * @param before number of the turn before the first; gaps are counted from it
 */
export function planGaps(turns: Iterable<{ readonly n: number }>, before = 0): readonly Gap[] {
  const gaps: Gap[] = [];
  let last = before;
  for (const { n } of turns) {
    if (n > last + 1) gaps.push({ after: last, turns: n - last - 1 });
    last = n;
  }
  return gaps;
}

/** Missing turns within a part of a recording; what is before the part does not count. */
export const gapsWithin = (turns: readonly { readonly n: number }[]): readonly Gap[] =>
  planGaps(turns, (turns[0]?.n ?? 1) - 1);

/** `40 after turn 1204`; of many gaps the sum and the first. Empty when there is none. */
export function gapsText(gaps: readonly Gap[]): string {
  const [first] = gaps;
  if (first === undefined) return '';
  const where = first.after === 0 ? 'at the beginning' : `after turn ${first.after}`;
  const turns = gaps.reduce((sum, gap) => sum + gap.turns, 0);
  return gaps.length > 1 ? `${turns} in ${gaps.length} places, first ${where}` : `${turns} ${where}`;
}
