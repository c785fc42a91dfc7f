import { expect, it } from 'vitest';
import { reconnectPace } from './nats-reconnect-pace.ts';

/** These again and again. */
const chances = (...of: readonly number[]): (() => number) => {
  let at = 0;
  return () => of[at++ % of.length] ?? 0;
};

it('lets it try at once, and again only after the pace by its own clock', () => {
  let now = 5;
  const delay = reconnectPace(100, { clock: () => now, random: chances(0.9, 0) });
  const tried = [0, 50, 99, 100, 150, 250].map((at) => {
    now = 5 + at;
    return [at, delay()];
  });
  expect(tried).toEqual([
    [0, Number.NEGATIVE_INFINITY],
    [50, 100],
    [99, 100],
    [100, Number.NEGATIVE_INFINITY],
    [150, 100],
    [250, Number.NEGATIVE_INFINITY],
  ]);
});

it('now and then does not wait', () => {
  const delay = reconnectPace(100, { clock: () => 5, random: chances(0.25, 0, 0.24) });
  expect([delay(), delay(), delay(), delay()]).toEqual([Number.NEGATIVE_INFINITY, 100, Number.NEGATIVE_INFINITY, 100]);
});

it('those that lost it in the same moment wait up to half as long again, each another time', () => {
  const waits = [0, 0.5, 0.999].map((chance) => {
    const delay = reconnectPace(100, { clock: () => 5, random: chances(0.9, chance) });
    delay();
    return Math.round(delay());
  });
  expect(waits).toEqual([100, 125, 150]);
});
