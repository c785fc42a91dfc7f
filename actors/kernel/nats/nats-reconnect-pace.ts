/** Of the times at which it should wait, so many in a hundred it does not. */
const EAGER_PERCENT = 25;
/** A wait is longer by up to so many hundredths of the pace. */
const JITTER_PERCENT = 50;

/**
 * For a connection's `reconnectDelayHandler`: lets it try again every `everyMs` by a clock that nobody sets. The client itself
 * goes by the wall clock: where that is set back, it tries a server that it had reached before only once the old time has
 * come again.
 *
 * The client waits at one server and then goes on to its next: of two, of which one is dead, it would wait at the other for
 * ever. So now and then it does not wait.
 *
 * All lose a server that dies in the same moment: each wait is longer by a chance of its own, or hundreds would come back
 * together. The client's `reconnectJitter` counts only where it has no handler.
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
    return Number.NEGATIVE_INFINITY; // whatever the wall clock says, it has waited long enough
  };
}
