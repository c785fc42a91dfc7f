import type { Report } from './report.ts';

export interface BenchOptions {
  /** A folder in which masters leave CPU profiles when they end. */
  readonly profile?: string | undefined;
  /** How often to measure with recording and without; each case has a number of its own. */
  readonly pairs?: number | undefined;
}

export interface BenchCase {
  readonly name: string;
  readonly about: string;
  /** Why it cannot be run here, and what to do about it; left out then, unless it is asked for by name. */
  readonly lacks?: () => string | undefined;
  readonly run: (options: BenchOptions) => Promise<Report>;
}
