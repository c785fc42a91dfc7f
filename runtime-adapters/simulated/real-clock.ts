import type { Clock } from '../../contracts/time/clock.ts';

/** The machine's own time. */
export const realClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};
