import { loadavg } from 'node:os';
import { formatTable } from '../cli/objects/plan-table.ts';

/** The result of one case. */
export interface Report {
  readonly title: string;
  readonly rows: readonly Row[];
  /** Conditions and details needed to judge the figures. */
  readonly notes?: readonly string[];
}

export interface Row {
  readonly what: string;
  readonly figure: string;
  /** The figure of the peer, measured in the same run. */
  readonly peer?: string;
  /** Above 1 when Troupe is better: its figure by the peer's where more is better, the peer's by its own where less is. */
  readonly ratio?: number;
  /** The aim for the figure or the ratio. */
  readonly aim?: string;
}

/** The value below which `share` (0 to 1) of the samples lie; nearest rank. `NaN` when there are none. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

/** `NaN` when there are no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] ?? Number.NaN) + (sorted[Math.ceil(half)] ?? Number.NaN)) / 2;
}

export const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ms`;
export const rate = (count: number, tookMs: number): number => (count * 1000) / tookMs;
export const perSecond = (value: number): string => `${value < 100 ? value.toFixed(1) : Math.round(value)}/s`;
export const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

/** `p50 0.31 ms, p99 0.92 ms` */
export const spread = (samples: readonly number[]): string =>
  `p50 ${ms(percentile(samples, 0.5))}, p99 ${ms(percentile(samples, 0.99))}`;

/** The machine's load average of the last minute. */
export const loadNow = (): string => (loadavg()[0] ?? 0).toFixed(1);

export function printReport({ title, rows, notes = [] }: Report): string {
  const cells = rows.map(({ what, figure, peer = '', ratio, aim = '' }) => [
    what,
    figure,
    peer,
    ratio === undefined ? '' : ratio.toFixed(2),
    aim,
  ]);
  const table = formatTable([['WHAT', 'FIGURE', 'PEER', 'RATIO', 'AIM'], ...cells]);
  return `\n${title}\n${table}${notes.map((note) => `  ${note}\n`).join('')}`;
}

/** All rows of several cases as one Markdown table. Where a row has both a peer and an aim, their column has both. */
export function markdownTable(reports: readonly (readonly [name: string, report: Report])[]): string {
  const rows = reports.flatMap(([name, report]) =>
    report.rows.map(({ what, figure, peer, ratio, aim }) => {
      const against = [peer, aim === undefined || aim === '' ? undefined : `aim: ${aim}`];
      const cells = [name, what, figure, against.filter(Boolean).join('; '), ratio?.toFixed(2) ?? ''];
      return cells.map((cell) => cell.replaceAll('|', '\\|'));
    }),
  );
  const lines = [['case', 'what', 'figure', 'peer or aim', 'ratio'], Array(5).fill('---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
