import { expect, it } from 'vitest';
import { keepForFailure } from '../support/failed-recordings.ts';
import type { SimWorld } from './sim-world.ts';
import { broken, unsettled, untrue } from './soundness.ts';
import { Story } from './story.ts';

/*
 * Goal: whatever people ask for and whatever breaks meanwhile, nothing runs twice, no node has more than it has room for, no
 * write is lost that was acknowledged; once nothing breaks any more, what is told is true, and what was asked for comes.
 * Method: stories that dice write, in the seeded world of all actors; a recording of each actor must play back identically.
 * `SIM_SEEDS=13-500 npx vitest run test/sim/chaos.test.ts` plays others. The same seed plays the same.
 */
const [first = 1, last = first] = (process.env['SIM_SEEDS'] ?? '1-12').split('-').map(Number);
/** Half an hour of the world: the longest time-out of a pull, and then the longest wait in a crash loop. */
const SETTLES_WITHIN_TICKS = 3_600;

it.each(Array.from({ length: last - first + 1 }, (_, at) => first + at))(
  'story %i ends well',
  (seed) => {
    const story = new Story(seed);
    void keepForFailure(story.world.keepKubelets)(async () => undefined);
    const look = (): void => expect(broken(story), story.acts.join('\n')).toEqual([]);
    const until = (wrong: (world: SimWorld) => readonly string[]): void => {
      const why = (): string => [...wrong(story.world), ...story.acts].join('\n');
      story.world.until(() => wrong(story.world).length === 0, SETTLES_WITHIN_TICKS, why);
      look();
    };
    story.play(look);
    story.calm();
    until(untrue);
    story.makeRoom();
    until(unsettled);
    expect(story.world.diverged()).toEqual([]);
  },
  60_000,
);
