import { setTimeout as sleep } from 'node:timers/promises';

/** The longest delay of a Node timer; a longer one fires at once. */
const TIMER_MS_MAX = 0x7fff_ffff;

/** Waits `ms` milliseconds; returns early when `signal` is aborted. Never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  for (let leftMs = ms; ; leftMs -= TIMER_MS_MAX) {
    await sleep(Math.min(leftMs, TIMER_MS_MAX), undefined, options).catch(() => undefined);
    if (leftMs <= TIMER_MS_MAX || signal?.aborted === true) return;
  }
}
