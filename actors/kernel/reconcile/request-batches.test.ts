import { concat, defer, NEVER, of } from 'rxjs';
import { catchError } from 'rxjs/operators';
import { expect, it } from 'vitest';
import { statusError } from '../../../contracts/errors/status.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { api, defineActor, publish } from '../declare.ts';
import { type Heard, type TestWorld, testWorld } from '../testing/test-world.ts';
import { askTogether } from './request-batches.ts';

const FULL = statusError('Forbidden', 'full').status;

/** Asks for so many pods at once; what comes of it all is its last word. */
function crowd(count: number): TestWorld {
  const actor = defineActor({
    name: 'crowd',
    hears: {},
    says: { create: api('create', 'pods'), tell: publish(SUBJECTS.outcome) },
    behave: (_inputs, world) => {
      const wanted = Array.from({ length: count }, (_, at) => ({
        ask: world.say.create({ name: `${at}` }, {}),
        granted: [world.say.tell({ caller: `${at}` }, 'granted')],
      }));
      return concat(
        askTogether(world, wanted),
        defer(() => of(world.say.tell({ caller: 'all' }, 'done'))),
        NEVER,
      ).pipe(catchError((error: Error) => concat(of(world.say.tell({ caller: 'all' }, error.message)), NEVER)));
    },
  });
  return testWorld(actor).start();
}
/** Answers what is asked, the last first, until nothing is. @returns how many were under way together, and what was told */
function play(world: TestWorld, answer: (name: string) => unknown): { batches: number[]; told: unknown[] } {
  const batches: number[] = [];
  const told: unknown[] = [];
  for (let heard = world.said(); heard.length > 0; heard = world.said()) {
    const asked = heard.filter(({ say }) => say === 'create');
    told.push(...heard.filter(({ say }) => say === 'tell').map(({ body }) => body));
    if (asked.length > 0) batches.push(asked.length);
    for (const said of asked.reverse()) world.answer(said, answer(nameOf(said)));
  }
  return { batches, told };
}
const nameOf = ({ subject }: Heard): string => subject.split('.').at(-1) ?? '';

it.each([
  { count: 0, batches: [] },
  { count: 1, batches: [1] },
  { count: 10, batches: [1, 2, 4, 3] },
])('$count requests go in batches of $batches', ({ count, batches }) => {
  const played = play(crowd(count), () => ({}));
  expect(played.batches).toEqual(batches);
  expect(played.told).toEqual([...Array.from({ length: count }, () => 'granted'), 'done']);
});

it('a refusal lets its batch end, and no other begins', () => {
  const { batches, told } = play(crowd(100), (name) => (name === '4' ? FULL : {}));
  expect(batches).toEqual([1, 2, 4]);
  expect(told).toEqual(['granted', 'granted', 'granted', 'granted', 'granted', 'granted', 'full']);
});

it('however large a batch, so many are under way together', () => {
  const { batches } = play(crowd(300), () => ({}));
  expect(Math.max(...batches)).toBe(64);
  expect(batches.reduce((sum, size) => sum + size, 0)).toBe(300);
});
