import { statusError } from '../contracts/errors/status.ts';

/** Runs work, at most so much of it at once. */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * First come, first served; what does not fit waits.
 * @param atOnce   how many run together
 * @param waiting  how many may wait; one more is refused with TooManyRequests
 */
export function limitConcurrency(atOnce: number, waiting = 10_000): Limiter {
  const queue: (() => void)[] = [];
  let running = 0;
  // Who waited longest takes over the place: freed, it could go to somebody who comes before the first has woken.
  const next = (): void => {
    const first = queue.shift();
    if (first === undefined) running -= 1;
    else first();
  };
  return async (work) => {
    if (running >= atOnce) {
      if (queue.length >= waiting) {
        throw statusError('TooManyRequests', `ask the engine: ${waiting} calls wait already; ask again later`);
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

/** Who asks for a key while it is being worked on gets the same outcome. */
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
