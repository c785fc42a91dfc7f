import { expect, it } from 'vitest';
import { matchesLabels, meetsRequirement } from './label-selector.ts';

it.each([
  { why: 'an absent selector matches nothing', selector: undefined, labels: { a: '1' }, matches: false },
  { why: 'an empty selector matches everything', selector: {}, labels: undefined, matches: true },
  {
    why: 'all labels must be there',
    selector: { matchLabels: { a: '1', b: '2' } },
    labels: { a: '1' },
    matches: false,
  },
  { why: 'more labels do no harm', selector: { matchLabels: { a: '1' } }, labels: { a: '1', b: '2' }, matches: true },
  {
    why: 'labels and expressions are both asked',
    selector: { matchLabels: { a: '1' }, matchExpressions: [{ key: 'b', operator: 'Exists' }] },
    labels: { a: '1' },
    matches: false,
  },
])('$why', ({ selector, labels, matches }) => {
  expect(matchesLabels(selector, labels)).toBe(matches);
});

it.each([
  ['In', ['x', 'y'], 'x', true],
  ['In', ['x'], undefined, false],
  ['NotIn', ['x'], undefined, true],
  ['NotIn', ['x'], 'x', false],
  ['Exists', undefined, '', true],
  ['DoesNotExist', undefined, '', false],
  ['Gt', ['5'], '10', true],
  ['Gt', ['5'], 'ten', false],
  ['Lt', ['5'], '-1', true],
  ['Lt', ['5'], undefined, false],
  ['Near', ['5'], '5', false],
])('%s %j of %j: %s', (operator, values, value, meets) => {
  const labels: Record<string, string> = value === undefined ? {} : { key: value };
  expect(meetsRequirement({ key: 'key', operator, ...(values === undefined ? {} : { values }) }, labels)).toBe(meets);
});
