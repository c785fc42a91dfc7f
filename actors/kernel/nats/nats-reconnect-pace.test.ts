import { expect, it } from 'vitest';
import { reconnectPace } from './nats-reconnect-pace.ts';

it('lets it try at once, and again only after the pace by its own clock', () => {
  let now = 5;
  const delay = reconnectPace(100, { clock: () => now, random: () => 0.9 });
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
  const chances = [0.25, 0.24, 0.9];
  const delay = reconnectPace(100, { clock: () => 5, random: () => chances.shift() ?? 0.9 });
  expect([delay(), delay(), delay(), delay()]).toEqual([Number.NEGATIVE_INFINITY, 100, Number.NEGATIVE_INFINITY, 100]);
});
