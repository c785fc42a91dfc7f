import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits for a condition, never for a time.
 * @param what    what is waited for, as the error says it
 * @param holds   asked again every few milliseconds; what it throws ends the wait
 * @returns what `holds` gave once that was neither `false`, `undefined` nor `null`
 * @throws Error when it did not hold within `withinMs`
 */
export async function waitUntil<T>(
  what: string,
  withinMs: number,
  holds: () => T | false | undefined | null | Promise<T | false | undefined | null>,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await holds();
    if (found !== false && found !== undefined && found !== null) return found;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await pause(10);
  }
}
