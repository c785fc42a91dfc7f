import { expect, it } from 'vitest';
import { planUnplayed } from './plan-unplayed.ts';

it('counts by reason, the most frequent first', () => {
  expect(planUnplayed([])).toEqual([]);
  expect(planUnplayed([undefined, undefined])).toEqual([]);
  expect(planUnplayed(['gap', undefined, 'sealed', 'sealed', 'gap', 'sealed'])).toEqual([
    { why: 'sealed', turns: 3 },
    { why: 'gap', turns: 2 },
  ]);
});
