import { expect, it, onTestFinished, vi } from 'vitest';
import type { ActorDefinition } from '../../../actors/kernel/declare.ts';
import { replay, replayAndSettle } from '../../../actors/kernel/replay.ts';
import { atOnce, inSlices } from '../../../actors/kernel/slices.ts';
import { scheduler } from '../../../actors/scheduler/scheduler.ts';
import { recordScheduling } from '../../bench/make-recording.ts';
import { compareRecordings } from '../compare/compare-recordings.ts';
import { compareAndSettle, compareVersions } from '../compare/compare-versions.ts';
import { codeVersion, recordedVersion } from '../compare/version.ts';
import { minimise } from '../export/minimise.ts';
import { playAndSettle, playUntilDivergence } from './play.ts';

const playable = recordScheduling({ nodes: 2, pods: 20, batch: 2 });
const { incarnation, turns, history } = playable;

/** Every look at the clock is a second after the one before: every slice is one step. */
function hurry(): void {
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1_000));
  onTestFinished(() => clock.mockRestore());
}

/** How often others had their turn meanwhile. */
async function roundsOf(work: Promise<unknown>): Promise<number> {
  let rounds = 0;
  let done = false;
  const round = (): void => {
    rounds += 1;
    if (!done) setImmediate(round);
  };
  setImmediate(round);
  await work;
  done = true;
  return rounds;
}

const byRecording = () => [playable, recordedVersion(playable), codeVersion('now', playable, scheduler)] as const;
const later: ActorDefinition = { ...scheduler, behave: (inputs, world) => scheduler.behave(inputs, tardy(world)) };
const tardy = (world: Parameters<ActorDefinition['behave']>[1]): typeof world => {
  const says = world.say as { bind: (...args: unknown[]) => unknown };
  let binds = 0;
  const bind = (target: object, body: object, ...rest: unknown[]): unknown =>
    says.bind(target, (binds += 1) > 8 ? { ...body, target: { name: 'elsewhere' } } : body, ...rest);
  return { ...world, say: { ...says, bind } as never };
};

it.each<[string, () => Promise<unknown>, () => unknown]>([
  ['a play', () => playAndSettle(playable, scheduler), () => playUntilDivergence(playable, scheduler)],
  [
    'a play of --check',
    () => replayAndSettle(scheduler, incarnation, turns, history),
    () => replay(scheduler, incarnation, turns, history),
  ],
  ['a comparison with code', () => compareAndSettle(...byRecording()), () => atOnce(compareVersions(...byRecording()))],
  [
    'a comparison of two recordings',
    () => inSlices(compareRecordings(playable, playable)),
    () => atOnce(compareRecordings(playable, playable)),
  ],
  ['a search for less', () => inSlices(minimise(playable, later)), () => atOnce(minimise(playable, later))],
])('%s that takes long lets others have their turn: whoever ends the process is heard', async (_, sliced, whole) => {
  const text = (result: unknown): string =>
    JSON.stringify(result, (key, value: unknown) => (key === 'session' ? undefined : value));
  const expected = text(whole());
  hurry();
  let result: unknown;
  const rounds = await roundsOf(sliced().then((one) => (result = one)));
  expect(rounds).toBeGreaterThan(turns.length);
  expect(text(result)).toBe(expected);
});

it('what is done between two slices that must not be is the finding; what is not said after it is not compared', async () => {
  let poll: (() => void) | undefined;
  const wait = (): void => void (poll === undefined ? setImmediate(wait) : poll());
  const rude: ActorDefinition = {
    ...scheduler,
    behave: (inputs, world) => {
      poll = () => void world.random();
      return scheduler.behave(inputs, world);
    },
  };
  hurry();
  wait();
  const rudely = codeVersion('now', playable, rude);
  const comparison = await compareAndSettle(playable, recordedVersion(playable), rudely);
  expect(comparison).toMatchObject({
    changed: 0,
    why: expect.stringContaining('had been stopped') as string,
    violation: expect.stringMatching(/used world\.random\(\) outside a turn/) as string,
  });
  expect(comparison.unplayed).toBeGreaterThan(0);
  expect(comparison.turns + comparison.unplayed).toBe(turns.length);
});

it('a search for less ends within a try, too, with what it has', async () => {
  const { position } = playUntilDivergence(playable, later).session;
  let asked = 0;
  const small = await inSlices(minimise(playable, later, { goesOn: () => (asked += 1) < 4 }));
  expect(small).toMatchObject({ outOfTime: true, tries: 1 });
  expect(small?.playable.turns).toHaveLength(position + 1);
});
