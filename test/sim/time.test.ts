import { expect, it } from 'vitest';
import { Dice } from './dice.ts';
import { Clock, SECOND, TICK_MS, Time } from './time.ts';

it('clocks are off by seconds and drift apart, and the time of a process never goes back when one is set', () => {
  const time = new Time();
  const dice = new Dice(1);
  const clock = new Clock(time, dice);
  const process = clock.ofProcess();
  const offsets = new Set<number>();
  const told: number[] = [];
  for (let tick = 0; tick < 2_000; tick++) {
    time.tick();
    if (tick % 100 === 0) clock.set();
    offsets.add(clock.now - time.now);
    told.push(process());
  }
  expect(Math.max(...offsets)).toBeGreaterThan(2 * SECOND);
  expect(Math.min(...offsets)).toBeLessThan(-2 * SECOND);
  expect(offsets.size).toBeGreaterThan(100);
  for (const [at, now] of told.entries()) {
    if (at > 0) expect(now - (told[at - 1] ?? 0)).toBeGreaterThanOrEqual(0.9 * TICK_MS - 1);
  }
});
