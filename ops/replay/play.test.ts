import { expect, it, onTestFinished, vi } from 'vitest';
import { scheduler } from '../../actors/scheduler/scheduler.ts';
import { recordScheduling } from '../bench/make-recording.ts';
import { playAndSettle, playUntilDivergence } from './play.ts';

it('a play that takes long lets others have their turn: whoever ends the process is heard', async () => {
  const playable = recordScheduling({ nodes: 2, pods: 20, batch: 2 });
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1_000));
  onTestFinished(() => clock.mockRestore());
  let rounds = 0;
  let done = false;
  const round = (): void => {
    rounds += 1;
    if (!done) setImmediate(round);
  };
  setImmediate(round);
  const { turns, states } = await playAndSettle(playable, scheduler);
  done = true;
  expect(rounds).toBeGreaterThan(playable.turns.length);
  expect({ turns, states }).toEqual({
    turns: playable.turns.length,
    states: playUntilDivergence(playable, scheduler).states,
  });
});
