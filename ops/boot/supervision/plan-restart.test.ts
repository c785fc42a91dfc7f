import { expect, it } from 'vitest';
import { planRestart } from './plan-restart.ts';

it.each([
  { why: 'starts again almost at once', failures: 0, ranMs: 50, plan: { failures: 1, delayMs: 100 } },
  { why: 'waits longer each time', failures: 3, ranMs: 50, plan: { failures: 4, delayMs: 800 } },
  { why: 'never waits longer than ten seconds', failures: 400, ranMs: 0, plan: { failures: 401, delayMs: 10_000 } },
  { why: 'forgives after a steady run', failures: 9, ranMs: 60_000, plan: { failures: 1, delayMs: 100 } },
])('$why', ({ failures, ranMs, plan }) => {
  expect(planRestart(failures, ranMs)).toEqual(plan);
});
