import { Observable, type Subscription } from 'rxjs';

/**
 * Subscribes to at most `limit` observables at once; the others wait in order of arrival.
 * Why not `mergeMap` with a limit: the observables come from many independent pipelines.
 */
export class ConcurrencyLimit {
  readonly #limit: number;
  #running = 0;
  readonly #waiting = new Set<() => void>();
  #pumping = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns an observable that mirrors `work`, and that subscribes to it only when there is a free place */
  run<T>(work: Observable<T>): Observable<T> {
    return new Observable<T>((out) => {
      let inner: Subscription | undefined;
      let started = false;
      const release = (): void => {
        if (started) this.#running -= 1;
        started = false;
      };
      const start = (): void => {
        started = true;
        this.#running += 1;
        inner = work.subscribe({
          next: (value) => out.next(value),
          error: (error: unknown) => {
            release();
            out.error(error);
            this.#startWaiting();
          },
          complete: () => {
            release();
            out.complete();
            this.#startWaiting();
          },
        });
      };
      if (this.#running < this.#limit) start();
      else this.#waiting.add(start);
      // Unsubscribing frees the place but starts no waiting work: nothing may start while a behaviour is torn down.
      return () => {
        this.#waiting.delete(start);
        inner?.unsubscribe();
        release();
      };
    });
  }

  // A loop, not recursion: a thousand observables that complete at once must not nest a thousand calls.
  #startWaiting(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    for (const start of this.#waiting) {
      if (this.#running >= this.#limit) break;
      this.#waiting.delete(start);
      start();
    }
    this.#pumping = false;
  }
}
