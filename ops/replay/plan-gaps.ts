/** Turns that a recording does not have between two that it has. */
export interface Gap {
  /** Number of the last turn before it; 0 when the recording's beginning is missing. */
  readonly after: number;
  readonly turns: number;
}

/**
 * Where turns are missing: the recorder could not keep up and dropped a segment, or retention dropped the beginning.
 * @param turns in order of number
 */
export function planGaps(turns: readonly { readonly n: number }[]): readonly Gap[] {
  const gaps: Gap[] = [];
  let last = 0;
  for (const { n } of turns) {
    if (n > last + 1) gaps.push({ after: last, turns: n - last - 1 });
    last = n;
  }
  return gaps;
}

/** `40 turns after 1204 are missing` */
export const gapText = ({ after, turns }: Gap): string =>
  after === 0 ? `the first ${turns} turns are missing` : `${turns} turns after ${after} are missing`;
