import { from, Observable, type ObservableInput, type OperatorFunction, Subscription } from 'rxjs';

/**
 * The work queue as an operator: one run per key at a time; however often a key is woken during its run, it runs exactly
 * once more. `work` gets the key, not the event, so it must read the level.
 * Why not stock: `exhaustMap` loses the last wake-up, `concatMap` replays stale ones, `switchMap` cancels a half-done
 * write, `groupBy` never forgets an idle key.
 * @param limit most keys at work at once; the others wait in the order in which they were woken
 */
export function coalesceByKey<K, R>(
  work: (key: K) => ObservableInput<R>,
  limit = Number.POSITIVE_INFINITY,
): OperatorFunction<K, R> {
  return (keys$) =>
    new Observable<R>((out) => {
      const busy = new Map<K, { again: boolean }>(); // absent means idle: an idle key costs nothing
      const waiting = new Set<K>();
      const all = new Subscription();
      let ended = false;

      const finish = (key: K, again: boolean): void => {
        busy.delete(key);
        if (again) waiting.add(key);
        pump();
        if (ended && busy.size === 0 && waiting.size === 0) out.complete();
      };
      const run = (key: K): void => {
        const slot = { again: false };
        busy.set(key, slot);
        let one: Subscription | undefined; // still unset when the work ends at once
        one = from(work(key)).subscribe({
          next: (r) => out.next(r),
          error: (e) => out.error(e),
          complete: () => {
            if (one !== undefined) all.remove(one);
            finish(key, slot.again);
          },
        });
        if (!one.closed) all.add(one);
      };
      // A loop, not recursion: a thousand keys whose work ends at once must not nest a thousand calls.
      let pumping = false;
      const pump = (): void => {
        if (pumping) return;
        pumping = true;
        for (const key of waiting) {
          if (busy.size >= limit || out.closed) break;
          waiting.delete(key);
          run(key);
        }
        pumping = false;
      };
      all.add(
        keys$.subscribe({
          next: (key) => {
            const slot = busy.get(key);
            if (slot !== undefined) slot.again = true;
            else {
              waiting.add(key);
              pump();
            }
          },
          error: (e) => out.error(e),
          complete: () => {
            ended = true;
            if (busy.size === 0 && waiting.size === 0) out.complete();
          },
        }),
      );
      return all;
    });
}
