import { setTimeout as pause } from 'node:timers/promises';

/**
 * Calls `act` with 0 ... count-1, `atOnce` of them under way at any time.
 * @returns milliseconds that each call took, in the order in which they ended
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

/** Calls `act` so many times a second, whether or not earlier calls have ended; ends when all have. */
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

/** @throws Error that names what was waited for */
export async function until(what: string, withinMs: number, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await pause(5);
  }
}
