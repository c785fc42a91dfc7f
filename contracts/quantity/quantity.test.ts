import { expect, it } from 'vitest';
import { cpuMillis, parseQuantity, wholeUnits } from './quantity.ts';

it.each([
  ['1', 1],
  ['100m', 0.1],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['128Mi', 2 ** 27],
  ['1k', 1000],
  ['1e3', 1000],
  ['1E', 1e18],
  ['.5', 0.5],
  [2, 2],
  ['500n', 5e-7],
  ['1.5 Gi', Number.NaN],
  ['ten', Number.NaN],
  ['', Number.NaN],
])('%j is %d', (quantity, value) => {
  expect(parseQuantity(quantity)).toBe(value);
});

it('rounds up to whole units, as Kubernetes does', () => {
  expect([cpuMillis('0.1'), cpuMillis('100500u'), cpuMillis(undefined), cpuMillis('x')]).toEqual([100, 101, 0, 0]);
  expect([wholeUnits('1.5'), wholeUnits('64Mi'), wholeUnits('100m')]).toEqual([2, 2 ** 26, 1]);
});
