/** Resolves when `signal` is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });

/** Aborts `stop` when `signal` is aborted; Node's own `AbortSignal.any` exists from 20.3 on only. @returns a function that ends this */
export function abortWith(stop: AbortController, signal: AbortSignal): () => void {
  const abort = (): void => stop.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return () => signal.removeEventListener('abort', abort);
}
