/**
 * A backoff delay: `firstMs` doubled `times` times, at most `mostMs`. Pure.
 * @param times whole number >= 0, of any size
 */
export const doubled = (firstMs: number, times: number, mostMs: number): number =>
  Math.min(mostMs, firstMs * 2 ** times);
