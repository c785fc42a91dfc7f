import { expect, it } from 'vitest';
import { Bus, type Faults, NO_FAULTS } from './bus.ts';
import { Dice } from './dice.ts';

/** What arrives of letters 1 to 9 from `a` to `b`, sent one after the other. */
function arrived(faults: Faults, during?: (bus: Bus) => void): readonly number[] {
  const bus = new Bus(new Dice(1), faults);
  const heard: number[] = [];
  for (let letter = 1; letter <= 9; letter++) bus.send({ from: 'a', to: 'b', deliver: () => heard.push(letter) });
  during?.(bus);
  while (bus.hasLetters) bus.deliverOne();
  return heard;
}
const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9];

it.each([
  { what: 'no faults: in the order in which they were sent', faults: NO_FAULTS, heard: ALL },
  { what: 'lost: none', faults: { loses: 1, repeats: 0 }, heard: [] },
  { what: 'repeated: each twice', faults: { loses: 0, repeats: 1 }, heard: ALL.flatMap((letter) => [letter, letter]) },
])('$what', ({ faults, heard }) => {
  expect(arrived(faults)).toEqual(heard);
});

it.each(['a', 'b'])('what is on its way when %s is cut off is lost, and what is sent before it is back', (who) => {
  expect(
    arrived(NO_FAULTS, (bus) => {
      for (let some = 0; some < 4; some++) bus.deliverOne();
      bus.cut(who);
      bus.deliverOne();
      bus.mend(who);
    }),
  ).toEqual([1, 2, 3, 4, 6, 7, 8, 9]);
});

it('an answer comes once at most', () => {
  const bus = new Bus(new Dice(1), { loses: 0, repeats: 1 });
  let heard = 0;
  bus.send({ from: 'a', to: 'b', deliver: () => (heard += 1) }, true);
  while (bus.hasLetters) bus.deliverOne();
  expect(heard).toBe(1);
});
