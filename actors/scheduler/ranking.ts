import type { Json } from '../kernel/contract.ts';

/** A node on which the pod fits, with its points by score. */
export interface Ranked {
  readonly node: string;
  readonly points: readonly number[];
  readonly total: number;
}

/** The nodes on which a pod fits, the best first; at most `RANKED_MAX`. */
export interface Ranking {
  /** Names of the scores, in the order of `points`. */
  readonly by: readonly string[];
  readonly best: readonly Ranked[];
  /** Number of nodes that fit. */
  readonly of: number;
}

/** Number of nodes that are recorded with a binding: as many as a table shows. */
export const RANKED_MAX = 8;

/** A node's name and its points in hundredths. */
type Row = readonly [node: string, ...hundredths: number[]];

/** The form of a ranking in a recording: points in hundredths, so that it stays small. */
export const rankingJson = ({ by, best, of }: Ranking): Json => ({
  by,
  best: best.map(({ node, points }) => [node, ...points.map((one) => Math.round(one * 100))]),
  of,
});

/** Reads a ranking from a recording. @returns undefined when this build does not recognise it as one */
export function rankingOf(why: Json | undefined): Ranking | undefined {
  const { by, best, of } = (why ?? {}) as { readonly [name: string]: Json | undefined };
  if (!Array.isArray(by) || !Array.isArray(best) || typeof of !== 'number') return undefined;
  const rows = best as readonly Json[];
  if (!rows.every((row): row is Row => isRow(row, by.length))) return undefined;
  return {
    by: by.map(String),
    best: rows.map(([node, ...hundredths]) => {
      const points = hundredths.map((one) => one / 100);
      return { node, points, total: points.reduce((sum, one) => sum + one, 0) };
    }),
    of,
  };
}

const isRow = (row: Json, points: number): boolean =>
  Array.isArray(row) &&
  row.length === points + 1 &&
  row.every((one, at) => typeof one === (at === 0 ? 'string' : 'number'));
