import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { realClock } from './real-clock.ts';

const DAY_MS = 86_400_000;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('waits longer than one timer can', () => {
  let rang = 0;
  realClock.after(60 * DAY_MS, () => rang++);
  vi.advanceTimersByTime(60 * DAY_MS - 1);
  expect(rang).toBe(0);
  vi.advanceTimersByTime(1);
  expect(rang).toBe(1);
});

it('is stopped in the second half of a long wait too', () => {
  let rang = 0;
  const stop = realClock.after(60 * DAY_MS, () => rang++);
  vi.advanceTimersByTime(40 * DAY_MS);
  stop();
  vi.advanceTimersByTime(40 * DAY_MS);
  expect(rang).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
