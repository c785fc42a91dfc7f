import { median } from './report.ts';

export interface Pair<T> {
  readonly recorded: T;
  readonly unrecorded: T;
}

/**
 * Measures with and without recording alternately; every other pair in reverse order, so that a drift of the machine's speed affects
 * both sides alike.
 */
export async function inPairs<T>(pairs: number, measure: (record: boolean) => Promise<T>): Promise<readonly Pair<T>[]> {
  const all: Pair<T>[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const first = pair % 2 === 0;
    const one = await measure(first);
    const other = await measure(!first);
    all.push(first ? { recorded: one, unrecorded: other } : { recorded: other, unrecorded: one });
  }
  return all;
}

/** Recorded divided by unrecorded, for each pair. */
export const ratios = <T>(pairs: readonly Pair<T>[], figure: (side: T) => number): readonly number[] =>
  pairs.map(({ recorded, unrecorded }) => figure(recorded) / figure(unrecorded));

export const ratioNote = (what: string, of: readonly number[]): string =>
  `${what}, recorded by not recorded: median ${median(of).toFixed(2)}, pair by pair ${of.map((one) => one.toFixed(2)).join(', ')}`;
