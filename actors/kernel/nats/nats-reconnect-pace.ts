/**
 * For a connection's `reconnectDelayHandler`: lets it try again every `everyMs` by a clock that nobody sets. The client itself
 * goes by the wall clock: where that is set back, it tries a server that it had reached before only once the old time has
 * come again.
 */
export function reconnectPace(everyMs: number, clock: () => number = () => performance.now()): () => number {
  let triedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock();
    if (now - triedAt < everyMs) return everyMs;
    triedAt = now;
    return Number.NEGATIVE_INFINITY; // whatever the wall clock says, it has waited long enough
  };
}
