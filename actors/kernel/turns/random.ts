/** State of the generator: four unsigned 32-bit numbers. */
export type RandomState = readonly [number, number, number, number];

/**
 * A small, fast, seeded generator (sfc32). Not for secrets: its point is that a recorded seed gives the same numbers again.
 * @see PractRand's sfc32 by Chris Doty-Humphrey
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  constructor(state: readonly number[]) {
    this.#a = (state[0] ?? 0) >>> 0;
    this.#b = (state[1] ?? 0) >>> 0;
    this.#c = (state[2] ?? 0) >>> 0;
    this.#counter = (state[3] ?? 1) >>> 0;
  }

  get state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  /** Uniform whole number in [0, 2^32). */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0;
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0;
    return sum;
  }

  /** Uniform in [0, 1), 32 bits of it. */
  next(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** A version 4 UUID. */
  uuid(): string {
    const hex = [this.uint32(), this.uint32(), this.uint32(), this.uint32()]
      .map((n) => n.toString(16).padStart(8, '0'))
      .join('');
    const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}
