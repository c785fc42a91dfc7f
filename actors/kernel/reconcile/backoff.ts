import { doubled } from '../../../contracts/time/doubling-delay.ts';

const BASE_MS = 5;
const CAP_MS = 1_000_000;

/**
 * How long to wait before retry number `attempt` of one key.
 * @param attempt 1 for the first retry; whole number >= 1.
 * @param random  uniform numbers in [0, 1); injected so that a seed replays.
 * @returns milliseconds in [BASE_MS / 2, CAP_MS]: half fixed, half random.
 * @throws RangeError when `attempt` is not a positive integer (the caller's bug).
 * @see kubernetes/sample-controller controller.go: same 5 ms base and 1000 s cap, without jitter
 */
export function backoffMs(attempt: number, random: () => number): number {
  if (!Number.isInteger(attempt) || attempt < 1)
    throw new RangeError(`backoffMs: attempt is ${attempt}; expected a whole number >= 1`);
  const full = doubled(BASE_MS, attempt - 1, CAP_MS);
  return Math.ceil(full / 2 + (full / 2) * random());
}
