import { expect, it } from 'vitest';
import { doubled } from './doubling-delay.ts';

it.each([
  { why: 'the first wait is as given', times: 0, ms: 100 },
  { why: 'each is twice as long', times: 3, ms: 800 },
  { why: 'none is longer than the longest', times: 4, ms: 1_000 },
  { why: 'however often it failed', times: 1e9, ms: 1_000 },
])('$why', ({ times, ms }) => {
  expect(doubled(100, times, 1_000)).toBe(ms);
});
