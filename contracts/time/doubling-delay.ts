/**
 * How long to wait: `firstMs`, doubled so many `times`, and never longer than `mostMs`. Pure.
 * @param times whole number >= 0, however large
 */
export const doubled = (firstMs: number, times: number, mostMs: number): number =>
  Math.min(mostMs, firstMs * 2 ** times);
