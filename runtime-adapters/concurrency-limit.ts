import { statusError } from '../contracts/errors/status.ts';

/** Runs work, a limited number at once. */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Limits concurrent work; the rest waits in order of arrival.
 * @param atOnce   most that run at once
 * @param waiting  most that may wait; further ones are rejected with TooManyRequests
 */
export function limitConcurrency(atOnce: number, waiting = 10_000): Limiter {
  const queue: (() => void)[] = [];
  let running = 0;
  // The place is handed to the first in the queue: if it were freed, a later caller could take it before the first resumes.
  const next = (): void => {
    const first = queue.shift();
    if (first === undefined) running -= 1;
    else first();
  };
  return async (work) => {
    if (running >= atOnce) {
      if (queue.length >= waiting) {
        throw statusError('TooManyRequests', `call the engine: ${waiting} calls are waiting already; retry later`);
      }
      await new Promise<void>((resolve) => queue.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      next();
    }
  };
}

/** Shares work by key: a call for a key whose work is in progress gets the same outcome. */
export function singleFlight<T>(): (key: string, work: () => Promise<T>) => Promise<T> {
  const flights = new Map<string, Promise<T>>();
  return (key, work) => {
    const known = flights.get(key);
    if (known !== undefined) return known;
    const flight = work().finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };
}
