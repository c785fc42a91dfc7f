import type { Clock } from '../../contracts/time/clock.ts';

/** The longest that a timer of Node's can wait; one that is set for longer rings at once. */
const TIMER_MS_MAX = 0x7fff_ffff;

/** The machine's own time. */
export const realClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, work) => {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      timer =
        leftMs > TIMER_MS_MAX ? setTimeout(() => wait(leftMs - TIMER_MS_MAX), TIMER_MS_MAX) : setTimeout(work, leftMs);
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};
