import type { Millis } from '../contract.ts';

/** Sources of time and randomness for a live world; behaviours must not use such sources themselves. */
export interface Ambient {
  /** Whole milliseconds since the Unix epoch; never goes back, and does not stop when the wall clock is set back. */
  now(): Millis;
  /** Four unsigned 32-bit numbers from the operating system. */
  seed(): readonly number[];
}

/** Speed of the clock while it is ahead of the wall clock. */
const PACE_AHEAD = 0.9;

/**
 * The wall clock, but monotonic: when the wall clock is set back, this clock goes on at a slightly lower speed until the
 * wall clock has caught up. Otherwise an actor's time, which never goes back, would stop, and all its timers with it.
 * @param wall    milliseconds since the Unix epoch
 * @param running milliseconds of a monotonic clock
 */
export function steadyClock(wall: () => Millis, running: () => Millis): () => Millis {
  let now = wall();
  let at = running();
  return () => {
    const before = at;
    at = running();
    now = Math.max(wall(), now + (at - before) * PACE_AHEAD);
    return Math.floor(now);
  };
}

export const ambient: Ambient = {
  now: steadyClock(
    () => Date.now(),
    () => performance.now(),
  ),
  seed: () => [...crypto.getRandomValues(new Uint32Array(4))],
};
