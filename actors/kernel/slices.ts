/** Work in small steps; other work may run between any two of them. */
export type Steps<T> = Generator<void, T, void>;

/** Longest time, in milliseconds, before work that a user can interrupt (Ctrl-C) yields to the event loop. */
export const SLICE_MS = 50;

/** Runs all steps without a break. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Runs all steps in slices. Between slices the event loop runs: signals are handled, and pending work of a behaviour runs. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  for (let until = performance.now() + SLICE_MS; ; ) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < until) continue;
    await settled();
    until = performance.now() + SLICE_MS;
  }
}

/** Rounds of the event loop for pending work to run. Work that waits longer was detected when it was started. */
const ROUNDS = 4;

/** Runs pending work that a behaviour started, without waiting for time to pass. */
export async function settled(): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await new Promise((resolve) => setImmediate(resolve));
}
