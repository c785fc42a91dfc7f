/** Aborts `stop` when `signal` is. Node's own `AbortSignal.any` is there from 20.3 on only. @returns to be called when that is over */
export function abortWith(stop: AbortController, signal: AbortSignal): () => void {
  const abort = (): void => stop.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return () => signal.removeEventListener('abort', abort);
}
