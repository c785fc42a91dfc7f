import { median } from './report.ts';

const ROUNDS = 9;
const STEPS = 200_000;

/** A fixed amount of work on objects, as in a control plane. */
function work(): number {
  const counts: Record<string, number> = {};
  let sum = 0;
  for (let at = 0; at < STEPS; at++) {
    const name = `k${at % 5_000}`;
    counts[name] = (counts[name] ?? 0) + 1;
    sum = (sum * 31 + name.length) | 0;
  }
  return sum;
}
for (let round = 0; round < ROUNDS; round++) work(); // until the JIT has compiled it

/**
 * The machine's speed at the moment: milliseconds that a fixed amount of work takes, the median of several runs. On a virtual machine
 * with changing neighbours the other figures vary with it.
 */
export const machineSpeed = (): number =>
  median(
    Array.from({ length: ROUNDS }, () => {
      const began = performance.now();
      work();
      return performance.now() - began;
    }),
  );
