/** After a process has run this long, its failures are counted from one again. */
const STEADY_MS = 10_000;
const FIRST_MS = 100;
const MOST_MS = 10_000;

/**
 * How long to wait before a supervised process starts again. Pure.
 * @param failures ends in a row before this one
 * @param ranMs    how long it ran this time
 * @returns the failures in a row now, and the milliseconds to wait: 100, doubling, at most 10 s
 */
export function planRestart(failures: number, ranMs: number): { readonly failures: number; readonly delayMs: number } {
  const now = ranMs >= STEADY_MS ? 1 : failures + 1;
  return { failures: now, delayMs: Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(now - 1, 20)) };
}
