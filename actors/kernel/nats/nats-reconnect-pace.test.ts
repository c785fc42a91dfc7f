import { expect, it } from 'vitest';
import { reconnectPace } from './nats-reconnect-pace.ts';

it('lets it try at once, and again only after the pace by its own clock', () => {
  let now = 5;
  const delay = reconnectPace(100, () => now);
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
