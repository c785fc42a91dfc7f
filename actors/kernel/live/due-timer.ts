import type { Millis } from '../contract.ts';

/** The longest that a timer of Node's can wait. */
const TIMER_MS_MAX = 0x7fff_ffff;

/** An actor's one timer: rings at the moment that it was last set to, and is not set again until that was heard. */
export class DueTimer {
  readonly #now: () => Millis;
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at: Millis | undefined;
  #rang = false;

  constructor(now: () => Millis, ring: () => void) {
    this.#now = now;
    this.#ring = ring;
  }

  /** @param at `undefined`: there is nothing to wait for */
  set(at: Millis | undefined): void {
    if (this.#rang || at === this.#at) return;
    clearTimeout(this.#timer);
    this.#at = at;
    if (at === undefined) return;
    const ring = (): void => {
      this.#at = undefined;
      this.#rang = true;
      this.#ring();
    };
    this.#timer = setTimeout(ring, Math.min(Math.max(0, at - this.#now()), TIMER_MS_MAX));
  }

  heard(): void {
    this.#rang = false;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
