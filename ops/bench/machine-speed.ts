import { median } from './report.ts';

const ROUNDS = 9;
const STEPS = 200_000;

/** Names and numbers in an object, as a control plane has them; always the same work. */
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
for (let round = 0; round < ROUNDS; round++) work(); // until it is compiled

/**
 * How fast this machine is at the moment: milliseconds that the same work takes, by the median of a few times. On a guest whose
 * neighbours come and go the figures beside it move with it.
 */
export const machineSpeed = (): number =>
  median(
    Array.from({ length: ROUNDS }, () => {
      const began = performance.now();
      work();
      return performance.now() - began;
    }),
  );
