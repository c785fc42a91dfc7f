/** Percentage of the waits that are skipped. */
const EAGER_PERCENT = 25;
/** Each wait is longer by a random share of up to this percentage. */
const JITTER_PERCENT = 50;

/**
 * For a connection's `reconnectDelayHandler`: reconnects every `everyMs` by a monotonic clock. The client itself uses the wall
 * clock: after that is set back, it does not retry a known server until the old time is reached again.
 *
 * The client waits at one server and then moves on to the next. Of two servers, one of them dead, it could wait at the live
 * one each time and never try it. Therefore some waits are skipped.
 *
 * All clients lose a server at the same moment, so each wait has a random part: otherwise hundreds of clients would reconnect
 * together. The client's own `reconnectJitter` has no effect with a handler.
 */
export function reconnectPace(
  everyMs: number,
  { clock, random }: { readonly clock: () => number; readonly random: () => number } = {
    clock: () => performance.now(),
    random: Math.random,
  },
): () => number {
  let triedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock();
    if (now - triedAt < everyMs && random() * 100 >= EAGER_PERCENT)
      return everyMs * (1 + (random() * JITTER_PERCENT) / 100);
    triedAt = now;
    return Number.NEGATIVE_INFINITY; // no wait, at any time of the wall clock
  };
}
