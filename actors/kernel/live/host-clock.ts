import type { Millis } from '../contract.ts';

/** Where a live world gets what behaviours must not reach for themselves. */
export interface Ambient {
  /** Whole milliseconds; never backwards, nor standing still. */
  now(): Millis;
  /** Four unsigned 32-bit numbers from the operating system. */
  seed(): readonly number[];
}

/** How fast the clock goes while it is ahead of the wall clock. */
const PACE_AHEAD = 0.9;

/**
 * The wall clock, except that it goes on when that one is set back, a little slower until they meet: an actor's time never
 * goes back, so all its timers would stand still until the old time came again.
 * @param wall    milliseconds since the Unix epoch
 * @param running milliseconds since any moment, of a clock that nobody sets
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
