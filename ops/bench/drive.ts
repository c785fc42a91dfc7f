import { setTimeout as pause } from 'node:timers/promises';

/**
 * Calls `act` with 0 ... count-1, `atOnce` calls in parallel.
 * @returns milliseconds of each call, in the order in which they ended
 */
export async function inFlight(
  atOnce: number,
  count: number,
  act: (index: number) => Promise<unknown>,
): Promise<{ readonly samples: number[]; readonly tookMs: number }> {
  const samples: number[] = [];
  let next = 0;
  const began = performance.now();
  const one = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      const asked = performance.now();
      await act(index);
      samples.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, one));
  return { samples, tookMs: performance.now() - began };
}

/** Calls `act` at a fixed rate, whether or not earlier calls have ended; resolves when all have ended. */
export async function paced(perSecond: number, count: number, act: (index: number) => Promise<unknown>): Promise<void> {
  const began = performance.now();
  const open: Promise<unknown>[] = [];
  for (let index = 0; index < count; index++) {
    const wait = began + (index * 1000) / perSecond - performance.now();
    if (wait > 0) await pause(wait);
    open.push(act(index));
  }
  await Promise.all(open);
}

/** Waits until `holds` returns true. @throws Error that names the condition */
export async function until(what: string, withinMs: number, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`timed out after ${withinMs} ms: ${what}`);
    await pause(5);
  }
}
