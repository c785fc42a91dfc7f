import type { Json } from '../kernel/contract.ts';

/** A node that would do, and what it was given for each way of scoring. */
export interface Ranked {
  readonly node: string;
  readonly points: readonly number[];
  readonly total: number;
}

/** The nodes that would do for a pod, the best first; of many only the best. */
export interface Ranking {
  /** What gave points, in the order of `points`. */
  readonly by: readonly string[];
  readonly best: readonly Ranked[];
  /** How many would do. */
  readonly of: number;
}

/** Nodes that a binding tells of: as many as a table shows. */
export const RANKED_MAX = 8;

/** A node and hundredths of points. */
type Row = readonly [node: string, ...hundredths: number[]];

/** What a recording keeps of a ranking: hundredths of points, so that it stays small. */
export const rankingJson = ({ by, best, of }: Ranking): Json => ({
  by,
  best: best.map(({ node, points }) => [node, ...points.map((one) => Math.round(one * 100))]),
  of,
});

/** @returns undefined when it is no ranking, as far as this build knows them */
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
