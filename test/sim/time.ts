export const BEGIN = Date.parse('2026-01-01T00:00:00Z');
export const SECOND = 1_000;
export const TICK_MS = 500;

/** The time of a simulated world. */
export class Time {
  #now = BEGIN;

  get now(): number {
    return this.#now;
  }

  tick(): void {
    this.#now += TICK_MS;
  }
}
