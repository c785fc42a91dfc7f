import { Observable, type Subscription } from 'rxjs';

/**
 * At most `limit` observables at work at once; the others wait for their turn in the order in which they came.
 * Why not `mergeMap` with a limit: those who wait here come from many pipelines.
 */
export class Gate {
  readonly #limit: number;
  #open = 0;
  readonly #waiting = new Set<() => void>();
  #pumping = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  run<T>(work: Observable<T>): Observable<T> {
    return new Observable<T>((out) => {
      let inner: Subscription | undefined;
      let inside = false;
      const leave = (): void => {
        if (inside) this.#open -= 1;
        inside = false;
      };
      const enter = (): void => {
        inside = true;
        this.#open += 1;
        inner = work.subscribe({
          next: (value) => out.next(value),
          error: (error: unknown) => {
            leave();
            out.error(error);
            this.#pump();
          },
          complete: () => {
            leave();
            out.complete();
            this.#pump();
          },
        });
      };
      if (this.#open < this.#limit) enter();
      else this.#waiting.add(enter);
      // Whoever is unsubscribed leaves, but lets nobody in: when a behaviour is torn down, nothing may begin any more.
      return () => {
        this.#waiting.delete(enter);
        inner?.unsubscribe();
        leave();
      };
    });
  }

  // A loop, not recursion: a thousand whose work ends at once must not nest a thousand calls.
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    for (const enter of this.#waiting) {
      if (this.#open >= this.#limit) break;
      this.#waiting.delete(enter);
      enter();
    }
    this.#pumping = false;
  }
}
