import { doubled } from '../../../contracts/time/doubling-delay.ts';
import type { ContainerBook, Failure } from './pod-types.ts';

const FIRST_MS = 10_000;
const MOST_MS = 300_000;
/** A container that ran this long is forgiven its earlier ends. */
const FORGIVEN_MS = 600_000;

/**
 * May a container that ended be started once more? The first restart is granted at once; then each has to wait, counted
 * from the end: 10 s, doubling to 5 min, and from the beginning again after 10 min without a restart.
 * @param attempt the one that would be started; asking again for a granted one changes nothing
 * @see kubernetes client-go/util/flowcontrol/backoff.go, as its kubelet uses it
 */
export function restartGate(
  book: ContainerBook,
  attempt: number,
  finishedAt: number,
  now: number,
): { readonly granted: NonNullable<ContainerBook['restart']> } | { readonly until: number; readonly delayMs: number } {
  const last = book.restart;
  if (last?.attempt === attempt) return { granted: last };
  if (last === undefined || finishedAt - last.at > FORGIVEN_MS)
    return { granted: { attempt, at: now, delayMs: FIRST_MS } };
  // The engine's clock may have been set back since: nothing ends before it was begun.
  const endedAt = Math.max(finishedAt, last.at);
  if (now - endedAt < last.delayMs) return { until: endedAt + last.delayMs, delayMs: last.delayMs };
  return { granted: { attempt, at: now, delayMs: Math.min(MOST_MS, last.delayMs * 2) } };
}

/** Notes one more refusal; the next try has to wait `firstMs`, doubling to `mostMs`. */
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

/** `10s`, `2m40s`, as Go prints a duration. */
export function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}
