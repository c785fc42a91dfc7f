const HEX8 = Array.from({ length: 0x100 }, (_, byte) => byte.toString(16).padStart(2, '0'));
/** Its lower 16 bits as four hex digits. */
const hex16 = (bits: number): string => `${HEX8[(bits >>> 8) & 0xff]}${HEX8[bits & 0xff]}`;

/** State of the generator: four unsigned 32-bit numbers. */
export type RandomState = readonly [number, number, number, number];

/**
 * A small, fast, seeded generator (sfc32). Not for secrets: the same seed always gives the same numbers.
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
    const a = this.uint32();
    const b = (this.uint32() & 0xffff_0fff) | 0x4000;
    const c = (this.uint32() & 0x3fff_ffff) | 0x8000_0000;
    const d = this.uint32();
    return `${hex16(a >>> 16)}${hex16(a)}-${hex16(b >>> 16)}-${hex16(b)}-${hex16(c >>> 16)}-${hex16(c)}${hex16(d >>> 16)}${hex16(d)}`;
  }
}
