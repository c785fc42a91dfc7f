import type { Report } from './report.ts';

export interface BenchOptions {
  /** Folder in which masters write CPU profiles when they end. */
  readonly profile?: string | undefined;
  /** How often to measure with and without recording; the default depends on the case. */
  readonly pairs?: number | undefined;
}

export interface BenchCase {
  readonly name: string;
  readonly about: string;
  /** Why it cannot run on this machine, and the remedy. It is left out then; given by name, it is an error. */
  readonly lacks?: () => string | undefined;
  readonly run: (options: BenchOptions) => Promise<Report>;
}
