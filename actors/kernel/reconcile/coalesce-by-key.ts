import { from, Observable, type ObservableInput, type OperatorFunction, type Subscriber, Subscription } from 'rxjs';

/**
 * The work queue as an operator: one run per key at a time; however often a key is woken during its run, it runs exactly
 * once more. `work` gets the key, not the event, so it must read the level.
 * Why not stock: `exhaustMap` loses the last wake-up, `concatMap` replays stale ones, `switchMap` cancels a half-done
 * write, `groupBy` never forgets an idle key.
 * @param limit most keys that run at once; the others wait in the order in which they were woken
 */
export const coalesceByKey =
  <K, R>(work: (key: K) => ObservableInput<R>, limit = Number.POSITIVE_INFINITY): OperatorFunction<K, R> =>
  (keys$) =>
    new Observable<R>((out) => {
      const queue = new KeyQueue(work, limit, out);
      queue.all.add(
        keys$.subscribe({
          next: (key) => queue.wake(key),
          error: (e) => out.error(e),
          complete: () => queue.end(),
        }),
      );
      return queue.all;
    });

class KeyQueue<K, R> {
  /** The subscriptions of all runs. */
  readonly all = new Subscription();
  readonly #work: (key: K) => ObservableInput<R>;
  readonly #limit: number;
  readonly #out: Subscriber<R>;
  /** Keys that run; an idle key has no entry, so it costs nothing. */
  readonly #busy = new Map<K, { again: boolean }>();
  readonly #waiting = new Set<K>();
  #ended = false;
  #pumping = false;

  constructor(work: (key: K) => ObservableInput<R>, limit: number, out: Subscriber<R>) {
    this.#work = work;
    this.#limit = limit;
    this.#out = out;
  }

  wake(key: K): void {
    const slot = this.#busy.get(key);
    if (slot !== undefined) slot.again = true;
    else {
      this.#waiting.add(key);
      this.#pump();
    }
  }

  /** No further key is woken: completes once all runs have ended. */
  end(): void {
    this.#ended = true;
    this.#completeIfDone();
  }

  /** A loop, not recursion: a thousand keys whose work ends at once must not nest a thousand calls. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    for (const key of this.#waiting) {
      if (this.#busy.size >= this.#limit || this.#out.closed) break;
      this.#waiting.delete(key);
      this.#run(key);
    }
    this.#pumping = false;
  }

  #run(key: K): void {
    const slot = { again: false };
    this.#busy.set(key, slot);
    let run: Subscription | undefined; // still unset when the work ends at once
    run = from(this.#work(key)).subscribe({
      next: (r) => this.#out.next(r),
      error: (e) => this.#out.error(e),
      complete: () => {
        if (run !== undefined) this.all.remove(run);
        this.#finish(key, slot.again);
      },
    });
    if (!run.closed) this.all.add(run);
  }

  #finish(key: K, again: boolean): void {
    this.#busy.delete(key);
    if (again) this.#waiting.add(key);
    this.#pump();
    this.#completeIfDone();
  }

  #completeIfDone(): void {
    if (this.#ended && this.#busy.size === 0 && this.#waiting.size === 0) this.#out.complete();
  }
}
