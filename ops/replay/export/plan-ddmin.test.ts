import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { atOnce, type Steps } from '../../../actors/kernel/slices.ts';
import { ddmin } from './plan-ddmin.ts';

function reduced(
  items: readonly number[],
  isHeld: (left: readonly number[]) => boolean,
  goesOn?: () => boolean,
): readonly number[] {
  function* holds(left: readonly number[]): Steps<boolean> {
    yield;
    return isHeld(left);
  }
  return atOnce(ddmin(items, holds, goesOn));
}

it('leaves exactly what is needed, in order', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(200), { maxLength: 60 }), fc.func(fc.boolean()), (items, isNeeded) => {
      const needed = items.filter(isNeeded);
      const holds = (left: readonly number[]): boolean => needed.every((one) => left.includes(one));
      expect(reduced(items, holds)).toEqual(needed);
    }),
  );
});

it('leaves nothing that could be left out alone, whatever has to hold', () => {
  const items = Array.from({ length: 40 }, (_, at) => at);
  const holds = (left: readonly number[]): boolean => left.filter((one) => one % 3 === 0).length >= 4;
  const left = reduced(items, holds);
  expect(left).toHaveLength(4);
});

it('stops when it may not go on, with what it has', () => {
  let tries = 0;
  const left = reduced(
    [1, 2, 3, 4, 5, 6, 7, 8],
    () => true,
    () => ++tries <= 1,
  );
  expect(left).toEqual([1, 2, 3, 4]);
});

it('takes few tries for few needles in a large stack', () => {
  let tries = 0;
  const items = Array.from({ length: 4_000 }, (_, at) => at);
  reduced(items, (left) => (tries++, left.includes(7) && left.includes(3_999)));
  expect(tries).toBeLessThan(100);
});
