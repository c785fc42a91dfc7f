import { defer, Observable } from 'rxjs';

/** Queues work on a key and runs it in order; `waited` says whether other work ran before it. */
export type WriteQueues = <T>(key: string, work: (waited: boolean) => Observable<T>) => Observable<T>;

/**
 * Runs the work on a key one piece after the other, in the order in which it was queued. Keys do not wait for each other,
 * and an idle key takes no memory. Work that has waited must not rely on anything that was read before. Work that has begun
 * runs to its end even if its subscriber is gone: its requests cannot be withdrawn, and when a behaviour is torn down the
 * next piece must not begin, because its answers would never arrive.
 */
export function writeQueues(): WriteQueues {
  /** Key -> queued work; absent means that the key is idle. */
  const queues = new Map<string, Set<() => boolean>>();
  // A loop, not recursion: a thousand pieces that end at once must not nest a thousand calls.
  const runQueued = (key: string, queue: Set<() => boolean>): void => {
    for (const begin of queue) {
      queue.delete(begin);
      if (!begin()) return;
    }
    queues.delete(key);
  };
  return (key, work) =>
    new Observable((out) => {
      const waiting = queues.get(key);
      const queue = waiting ?? new Set();
      /** @returns whether the work has ended already */
      const begin = (): boolean => {
        let ended = false;
        let begun = false;
        const end = (): void => {
          ended = true;
          if (begun) runQueued(key, queue);
        };
        defer(() => work(waiting !== undefined)).subscribe({
          next: (value) => out.next(value),
          error: (error: unknown) => {
            out.error(error);
            end();
          },
          complete: () => {
            out.complete();
            end();
          },
        });
        begun = true;
        return ended;
      };
      if (waiting === undefined) {
        queues.set(key, queue);
        if (begin()) runQueued(key, queue);
      } else waiting.add(begin);
      return () => void queue.delete(begin);
    });
}
