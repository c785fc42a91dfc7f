import { steadyClock } from '../../actors/kernel/live/host-clock.ts';
import type { Dice } from './dice.ts';

export const BEGIN = Date.parse('2026-01-01T00:00:00Z');
export const SECOND = 1_000;
export const TICK_MS = 500;
/** A clock that nobody has set for long, or that was set by another one that is wrong. */
const OFF_MOST_MS = 5 * SECOND;
/** Too fast or too slow by so much, at most. */
const DRIFT_MOST = 1 / 1_000;

/** The time of a simulated world, which nobody in it knows. */
export class Time {
  #now = BEGIN;

  get now(): number {
    return this.#now;
  }

  tick(): void {
    this.#now += TICK_MS;
  }
}

/** A machine's clock: it is off, goes too fast or too slow, and is set now and then. */
export class Clock {
  readonly #time: Time;
  readonly #dice: Dice;
  readonly #drift: number;
  /** When it was set last. */
  #setAt: number;
  #offMs: number;

  constructor(time: Time, dice: Dice) {
    this.#time = time;
    this.#dice = dice;
    this.#drift = this.#upTo(DRIFT_MOST);
    this.#setAt = time.now;
    this.#offMs = this.#upTo(OFF_MOST_MS);
  }

  get now(): number {
    const { now } = this.#time;
    return Math.floor(now + this.#offMs + (now - this.#setAt) * this.#drift);
  }

  /** It jumps, ahead or back. */
  set(): void {
    this.#setAt = this.#time.now;
    this.#offMs = this.#upTo(OFF_MOST_MS);
  }

  /** @returns the time as a process that starts now tells it to its actors */
  ofProcess(): () => number {
    return steadyClock(
      () => this.now,
      () => this.#time.now,
    );
  }

  #upTo(most: number): number {
    return ((this.#dice.below(2_001) - 1_000) / 1_000) * most;
  }
}
