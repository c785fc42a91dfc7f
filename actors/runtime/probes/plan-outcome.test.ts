import { expect, it } from 'vitest';
import type { ProbeConfig } from '../../../contracts/runtime/probes.ts';
import { countResult, newCount } from './plan-outcome.ts';

const config = (successThreshold: number, failureThreshold: number): ProbeConfig => ({
  containerId: 'c',
  kind: 'readiness',
  firstAt: 0,
  periodMs: 1000,
  timeoutMs: 1000,
  successThreshold,
  failureThreshold,
  exec: { command: ['true'] },
});

/** `+` a success, `-` a failure. @returns after each result: `S` or `F`, `.` before a threshold; with `!` while failing */
function play(results: string, probe: ProbeConfig): string {
  let count = newCount(probe);
  return Array.from(results)
    .map((result) => {
      count = countResult(count, probe, result === '+' ? undefined : 'no');
      const { result: reached, failing } = count.outcome;
      return `${reached === undefined ? '.' : reached === 'success' ? 'S' : 'F'}${failing === undefined ? '' : '!'}`;
    })
    .join(' ');
}

it.each([
  { why: 'one success is enough', results: '+', success: 1, failure: 3, is: 'S' },
  { why: 'three failures in a row count', results: '+---', success: 1, failure: 3, is: 'S S! S! F!' },
  { why: 'a success between them starts anew', results: '+--+---', success: 1, failure: 3, is: 'S S! S! S S! S! F!' },
  { why: 'two successes are needed', results: '+-++', success: 2, failure: 1, is: '. F! F S' },
  { why: 'nothing is known before a threshold', results: '--', success: 1, failure: 3, is: '.! .!' },
])('$why', ({ results, success, failure, is }) => {
  expect(play(results, config(success, failure))).toBe(is);
});
