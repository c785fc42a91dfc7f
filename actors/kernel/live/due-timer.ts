import type { Millis } from '../contract.ts';

/** The longest delay of a Node timer. */
const TIMER_MS_MAX = 0x7fff_ffff;

/** The one timer of an actor. It fires at the last moment set; after that it cannot be set until `heard()` is called. */
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

  /** @param at `undefined`: no timer */
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

  /** The `due` turn caused by the timer has begun. */
  heard(): void {
    this.#rang = false;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
