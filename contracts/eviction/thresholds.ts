import { isQuantity, wholeUnits } from '../quantity.ts';

/** What is watched on a node, in Kubernetes' names. */
export const SIGNALS = [
  'memory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'pid.available',
] as const;
export type Signal = (typeof SIGNALS)[number];

/** When pods are evicted from a node, as `--eviction-hard` and its like say it. */
export interface EvictionOptions {
  /** `memory.available<100Mi,nodefs.available<10%`; empty = never. */
  readonly hard: string;
  readonly soft?: string;
  /** `memory.available=1m30s`: how long a soft threshold must be met. */
  readonly softGracePeriod?: string;
  /** Most seconds that a pod evicted by a soft threshold has to stop; default 0. */
  readonly maxPodGracePeriodSeconds?: number;
  /** How long a condition stays True after its threshold was last met; default five minutes. */
  readonly pressureTransitionPeriodSeconds?: number;
}

/** Kubernetes' defaults on Linux. */
export const EVICTION_HARD =
  'memory.available<100Mi,nodefs.available<10%,imagefs.available<15%,nodefs.inodesFree<5%,imagefs.inodesFree<5%,pid.available<10%';

export interface Threshold {
  readonly signal: Signal;
  /** Units, or a share of the capacity between 0 and 1. */
  readonly amount: { readonly units: number } | { readonly share: number };
  /** How long it must be met; 0 for a hard one. */
  readonly graceMs: number;
  readonly hard: boolean;
}

const signalOf = (text: string): Signal => {
  const found = SIGNALS.find((signal) => signal === text);
  if (found === undefined) throw new RangeError(`unsupported eviction signal ${text}; use ${SIGNALS.join(', ')}`);
  return found;
};

const statements = (text: string): readonly string[] => text.split(',').filter((each) => each !== '');

function amountOf(statement: string, text: string): Threshold['amount'] {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent !== undefined) {
    const share = Number(percent) / 100;
    if (share > 0 && share < 1) return { share };
  } else if (isQuantity(text) && wholeUnits(text) > 0) return { units: wholeUnits(text) };
  throw new RangeError(`invalid eviction threshold ${statement}; write memory.available<100Mi or nodefs.available<10%`);
}

function parseList(text: string): readonly Pick<Threshold, 'signal' | 'amount'>[] {
  return statements(text).map((statement) => {
    const [signal = '', amount, ...more] = statement.split('<');
    if (amount === undefined || more.length > 0)
      throw new RangeError(`invalid eviction threshold syntax ${statement}, expected <signal><operator><value>`);
    return { signal: signalOf(signal.trim()), amount: amountOf(statement, amount.trim()) };
  });
}

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };

/** A Go duration of hours, minutes and seconds: `1m30s`. @returns milliseconds; `undefined` when it is none */
function durationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?[hms])+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([hms])/g)];
  return parts.reduce((all, [, amount, unit = '']) => all + Number(amount) * (UNIT_MS[unit] ?? 0), 0);
}

function gracePeriods(text: string): ReadonlyMap<Signal, number> {
  return new Map(
    statements(text).map((statement) => {
      const [signal = '', period = ''] = statement.split('=');
      const periodMs = durationMs(period);
      if (periodMs === undefined)
        throw new RangeError(`invalid eviction grace period ${statement}; write ${signal}=1m30s`);
      return [signalOf(signal), periodMs];
    }),
  );
}

/** @throws RangeError, in Kubernetes' words */
export function parseThresholds({ hard, soft = '', softGracePeriod = '' }: EvictionOptions): readonly Threshold[] {
  const periods = gracePeriods(softGracePeriod);
  const softly = parseList(soft).map((each) => {
    const graceMs = periods.get(each.signal);
    if (graceMs === undefined)
      throw new RangeError(`grace period must be specified for the soft eviction threshold ${each.signal}`);
    return { ...each, graceMs, hard: false };
  });
  return [...parseList(hard).map((each) => ({ ...each, graceMs: 0, hard: true })), ...softly];
}

/** The least amount that must be left, in units. */
export const leastOf = ({ amount }: Threshold, capacity: number): number =>
  'units' in amount ? amount.units : Math.floor(capacity * amount.share);
