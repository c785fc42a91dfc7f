import { doubled } from '../../../contracts/time/doubling-delay.ts';
import type { ContainerRecord, Failure } from '../pods/pod-types.ts';

const FIRST_MS = 10_000;
const MOST_MS = 300_000;
/** A container that ran this long starts again without back-off. */
const RESET_MS = 600_000;

/**
 * The back-off of a crashing container (CrashLoopBackOff). The first restart is granted at once; each further one waits,
 * counted from the container's end: 10 s, doubling to 5 min; reset after 10 min without a restart. Times in milliseconds.
 * @param attempt the attempt to be started; the call is idempotent for one that was granted
 * @see kubernetes client-go/util/flowcontrol/backoff.go, as its kubelet uses it
 */
export function restartBackoff(
  record: ContainerRecord,
  attempt: number,
  finishedAt: number,
  now: number,
):
  | { readonly granted: NonNullable<ContainerRecord['restart']> }
  | { readonly until: number; readonly delayMs: number } {
  const last = record.restart;
  if (last?.attempt === attempt) return { granted: last };
  if (last === undefined || finishedAt - last.at > RESET_MS)
    return { granted: { attempt, at: now, delayMs: FIRST_MS } };
  // The engine's clock may have been set back: no container ends before it started.
  const endedAt = Math.max(finishedAt, last.at);
  if (now - endedAt < last.delayMs) return { until: endedAt + last.delayMs, delayMs: last.delayMs };
  return { granted: { attempt, at: now, delayMs: Math.min(MOST_MS, last.delayMs * 2) } };
}

/** Counts one more failure; the next try waits `firstMs`, doubling to `mostMs`. */
export function failedAgain(
  before: Failure | undefined,
  reason: string,
  message: string,
  now: number,
  firstMs = FIRST_MS,
  mostMs = MOST_MS,
): Failure {
  const failures = (before?.failures ?? 0) + 1;
  const delay = doubled(firstMs, failures - 1, mostMs);
  return { reason, message, failures, at: now, until: now + delay };
}

/** Formats a duration as Go does: `10s`, `2m40s`. */
export function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}
