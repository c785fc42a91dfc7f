import { describe, expect, it } from 'vitest';
import { steadyClock } from './host-clock.ts';

function clocks() {
  let wall = 1_000_000;
  let passed = 0;
  const now = steadyClock(
    () => Math.floor(wall),
    () => passed,
  );
  return {
    now,
    /** Time goes by, and somebody sets the wall clock besides. */
    pass: (ms: number, setBy = 0) => {
      wall += ms + setBy;
      passed += ms;
      return now();
    },
  };
}

describe('the clock of a live world', () => {
  it('is the wall clock, to the millisecond', () => {
    const { now, pass } = clocks();
    expect(now()).toBe(1_000_000);
    for (let at = 0; at < 100; at++) expect(pass(0.4)).toBe(Math.floor(1_000_000 + (at + 1) * 0.4));
    expect(pass(3_600_000)).toBe(4_600_040);
  });

  it('goes forward with the wall clock at once', () => {
    expect(clocks().pass(10, 3_600_000)).toBe(4_600_010);
  });

  it('goes on when the wall clock is set back, a little slower until they meet', () => {
    const { pass } = clocks();
    expect(pass(1_000, -60_000)).toBe(1_000_900);
    expect(pass(10_000)).toBe(1_009_900);
    expect(pass(600_000)).toBe(1_000_000 + 611_000 - 60_000); // they have met
    expect(pass(1)).toBe(1_551_001);
  });

  it('gives whole milliseconds that never go back', () => {
    const { pass } = clocks();
    let last = 0;
    for (let at = 0; at < 1_000; at++) {
      const now = pass(0.7, at % 100 === 50 ? -20 : 0);
      expect(now).toBeGreaterThanOrEqual(last);
      expect(Number.isInteger(now)).toBe(true);
      last = now;
    }
  });
});
