import type { Clock } from '../../contracts/time/clock.ts';

/** Time that moves only when told to. What is due at one moment runs in the order in which it was asked for. */
export class VirtualClock implements Clock {
  #now: number;
  #serial = 0;
  readonly #due = new Map<number, { readonly at: number; readonly work: () => void }>();

  constructor(now = 0) {
    this.#now = now;
  }
  now(): number {
    return this.#now;
  }
  after(delayMs: number, work: () => void): () => void {
    const serial = ++this.#serial;
    this.#due.set(serial, { at: this.#now + delayMs, work });
    return () => void this.#due.delete(serial);
  }
  /** Moves on, stopping at each moment at which something is due; promises settle before the next one. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settled(); // what was asked for before may still be on its way to a timer
    for (let next = this.#next(); next !== undefined && next.at <= until; next = this.#next()) {
      this.#now = next.at;
      this.#due.delete(next.serial);
      next.work();
      await settled();
    }
    this.#now = until;
    await settled();
  }
  #next(): { readonly serial: number; readonly at: number; readonly work: () => void } | undefined {
    let first: { readonly serial: number; readonly at: number; readonly work: () => void } | undefined;
    for (const [serial, { at, work }] of this.#due) {
      if (first === undefined || at < first.at) first = { serial, at, work };
    }
    return first;
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
