/** Seeded random numbers: the same seed, the same world. */
export class Dice {
  #state: number;

  /** @param seed a whole number */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** @returns a whole number in [0, limit) */
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  /** @returns whether it happens, with a probability in [0, 1] */
  happens(probability: number): boolean {
    return probability > 0 && this.#next() < probability; // what cannot happen costs no number
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)];
  }

  #next(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return this.#state / 2 ** 32;
  }
}
