import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits for a condition, never for a time.
 * @param what    what is waited for, as the error says it
 * @param holds   asked again every few milliseconds, later every 50; what it throws ends the wait
 * @returns what `holds` gave once that was neither `false`, `undefined` nor `null`
 * @throws Error when it did not hold within `withinMs`
 */
export async function waitUntil<T>(
  what: string,
  withinMs: number,
  holds: () => T | false | undefined | null | Promise<T | false | undefined | null>,
): Promise<T> {
  const since = performance.now();
  for (;;) {
    const found = await holds();
    if (found !== false && found !== undefined && found !== null) return found;
    const waitedMs = performance.now() - since;
    if (waitedMs > withinMs) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await pause(Math.min(50, 5 + waitedMs / 10)); // asking is work too, and it is recorded
  }
}
