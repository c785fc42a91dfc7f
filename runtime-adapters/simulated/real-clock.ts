import type { Clock } from '../../contracts/time/clock.ts';

/** Node's longest timer; one that is set for longer fires at once. */
const TIMER_MS_MAX = 0x7fff_ffff;

/** The machine's clock. */
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
