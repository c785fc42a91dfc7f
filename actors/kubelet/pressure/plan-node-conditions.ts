import { leastOf, type Signal, type Threshold } from '../../../contracts/eviction/thresholds.ts';
import type { Observations } from './observations.ts';
import { PRESSURES, type Pressure } from './pressure-conditions.ts';

const pressureOf = (signal: Signal): Pressure =>
  signal === 'memory.available' ? 'MemoryPressure' : signal === 'pid.available' ? 'PIDPressure' : 'DiskPressure';

/** What is remembered from one sample to the next. Times in milliseconds since the Unix epoch. */
export type PressureState = {
  /** When a threshold that is met now was met first, by its place in the list. */
  readonly firstMet: { readonly [index: string]: number };
  /** When a threshold of the condition was met last. */
  readonly lastMet: { readonly [pressure: string]: number };
};
export const NO_PRESSURE: PressureState = { firstMet: {}, lastMet: {} };

export interface NodeConditionsPlan {
  readonly state: PressureState;
  /** The conditions that are True. */
  readonly pressures: readonly Pressure[];
  /** Thresholds that are met and whose grace period has passed, in the order in which they are dealt with: memory first. */
  readonly due: readonly Threshold[];
}

/**
 * Decides which pressure conditions a node has, and which thresholds ask for an eviction. A condition stays True for
 * `transitionMs` after it was last observed, so that it does not flap. Pure.
 * @see kubernetes pkg/kubelet/eviction/eviction_manager.go, synchronize
 */
export function planNodeConditions(
  thresholds: readonly Threshold[],
  observations: Observations,
  before: PressureState,
  { now, transitionMs }: { readonly now: number; readonly transitionMs: number },
): NodeConditionsPlan {
  const firstMet: Record<string, number> = {};
  const lastMet: Record<string, number> = { ...before.lastMet };
  const due: Threshold[] = [];
  for (const [index, threshold] of thresholds.entries()) {
    const seen = observations.get(threshold.signal);
    if (seen === undefined || seen.available >= leastOf(threshold, seen.capacity)) continue;
    const since = before.firstMet[index] ?? now;
    firstMet[index] = since;
    lastMet[pressureOf(threshold.signal)] = now;
    if (now - since >= threshold.graceMs) due.push(threshold);
  }
  const pressures = PRESSURES.filter((each) => {
    const last = lastMet[each];
    return last !== undefined && (last === now || now - last < transitionMs);
  });
  const memoryFirst = (a: Threshold, b: Threshold): number =>
    Number(b.signal === 'memory.available') - Number(a.signal === 'memory.available');
  return { state: { firstMet, lastMet }, pressures, due: due.toSorted(memoryFirst) };
}
