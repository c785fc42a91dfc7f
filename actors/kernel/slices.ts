/** Work in small steps, between any two of which something else may have its turn. */
export type Steps<T> = Generator<void, T, void>;

/** How long is worked at a stretch where somebody may want to end that (Ctrl-C), in milliseconds. */
export const SLICE_MS = 50;

/** Works to the end at a stretch. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Works to the end in slices: between two of them whoever ends the process is heard, and what a behaviour left behind runs. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  for (let until = performance.now() + SLICE_MS; ; ) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < until) continue;
    await settled();
    until = performance.now() + SLICE_MS;
  }
}

/** Rounds of the event loop in which what was left behind has its chance; what waits longer was seen when it was begun. */
const ROUNDS = 4;

/** Lets run what a behaviour began and left behind, without waiting for any time to pass. */
export async function settled(): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await new Promise((resolve) => setImmediate(resolve));
}
