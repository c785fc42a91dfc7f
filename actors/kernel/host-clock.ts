import type { Millis } from './contract.ts';

/** Where a live world gets what behaviours must not reach for themselves. */
export interface Ambient {
  now(): Millis;
  /** Four unsigned 32-bit numbers from the operating system. */
  seed(): readonly number[];
}

export const ambient: Ambient = {
  now: () => Date.now(),
  seed: () => [...crypto.getRandomValues(new Uint32Array(4))],
};
