import { expect, it } from 'vitest';
import { sameDecisions, tallyTexts, thousands } from './plan-decisions.ts';

it('sums up what changes, in the order in which it first does', () => {
  const tallies = [
    { say: 'bind', of: 4031, changed: 12, first: 1204 },
    { say: 'event', of: 8000, changed: 13, first: 1206 },
    { say: 'status', of: 3, changed: 0 },
    { say: 'new', of: 2, changed: 2, first: 7 },
    { say: 'bind', of: 40, changed: 1, first: 1300 },
    { say: 'bind', of: 1, changed: 1, first: 1400 },
  ];
  expect(tallyTexts({ bind: 'placement', status: 'refusal', event: 'event' }, tallies)).toEqual([
    '2 of 2 "new" change, first at turn 7',
    '12 of 4,031 placements change, first at turn 1204',
    '13 of 8,000 events change, first at turn 1206',
    '1 of 40 placements changes, first at turn 1300',
    '1 of 1 placement changes, first at turn 1400',
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

it.each([
  [0, 0, 'nothing could be compared'],
  [0, 12, '12 turns made no decision then and make none now'],
  [1, 1, 'the one decision of 1 turn stays the same'],
  [2, 1, 'all 2 decisions of 1 turn stay the same'],
  [40_000, 44_562, 'all 40,000 decisions of 44,562 turns stay the same'],
])('%d decisions of %d turns that stay the same', (decisions, turns, text) => {
  expect(sameDecisions(decisions, turns)).toBe(text);
});
