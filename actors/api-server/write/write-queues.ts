import { defer, Observable } from 'rxjs';

/** Runs `work` when its turn has come; it is told whether it had to wait. */
export type KeyTurns = <T>(key: string, work: (waited: boolean) => Observable<T>) => Observable<T>;

/**
 * One piece of work a key at a time, in the order in which it came. Keys do not wait for each other, and one at rest costs
 * nothing. What has waited must not rest on anything that was read before. Work that has begun goes on to its end even if
 * nobody awaits it any more: what it asked for can't be taken back, and when a behaviour is torn down the next must not
 * begin; there the answer never comes.
 */
export function keyTurns(): KeyTurns {
  /** Key -> those who wait for the one at work; absent means at rest. */
  const queues = new Map<string, Set<() => boolean>>();
  // A loop, not recursion: a thousand whose work ends at once must not nest a thousand calls.
  const passOn = (key: string, queue: Set<() => boolean>): void => {
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
      /** @returns whether the work is over already */
      const begin = (): boolean => {
        let over = false;
        let begun = false;
        const end = (): void => {
          over = true;
          if (begun) passOn(key, queue);
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
        return over;
      };
      if (waiting === undefined) {
        queues.set(key, queue);
        if (begin()) passOn(key, queue);
      } else waiting.add(begin);
      return () => void queue.delete(begin);
    });
}
