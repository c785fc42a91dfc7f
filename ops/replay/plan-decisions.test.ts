import { expect, it } from 'vitest';
import { tallyTexts, thousands } from './plan-decisions.ts';

it('sums up what changes, in the order in which it first does', () => {
  const tallies = [
    { say: 'bind', of: 4031, changed: 12, first: 1204 },
    { say: 'event', of: 8000, changed: 13, first: 1206 },
    { say: 'status', of: 3, changed: 0 },
    { say: 'new', of: 2, changed: 2, first: 7 },
  ];
  expect(tallyTexts('scheduler', tallies)).toEqual([
    '2 of 2 "new" change, first at turn 7',
    '12 of 4,031 placements change, first at turn 1204',
    '13 of 8,000 events change, first at turn 1206',
  ]);
});

it.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [1234567, '1,234,567'],
])('%d', (count, text) => {
  expect(thousands(count)).toBe(text);
});
