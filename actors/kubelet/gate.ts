import { Observable, type Subscription } from 'rxjs';

/**
 * At most `limit` observables at work at once; the others wait for their turn in the order in which they came.
 * Why not `mergeMap` with a limit: those who wait here come from many pipelines.
 */
export class Gate {
  readonly #limit: number;
  #open = 0;
  readonly #waiting = new Set<() => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  run<T>(work: Observable<T>): Observable<T> {
    return new Observable<T>((out) => {
      let inner: Subscription | undefined;
      let inside = false;
      const enter = (): void => {
        inside = true;
        this.#open += 1;
        inner = work.subscribe(out);
      };
      if (this.#open < this.#limit) enter();
      else this.#waiting.add(enter);
      return () => {
        this.#waiting.delete(enter);
        inner?.unsubscribe();
        if (inside) this.#leave();
      };
    });
  }

  #leave(): void {
    this.#open -= 1;
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    next();
  }
}
