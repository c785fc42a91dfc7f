import { Observable, Subject, type Subscriber, Subscription } from 'rxjs';

interface Waiter {
  readonly subscriber: Subscriber<unknown>;
  readonly read: () => unknown;
}

/** Consistent reads from the view, as Kubernetes' consistent reads from the watch cache. */
export interface ConsistentReads {
  /** Must be subscribed to for as long as `read` is used; emits nothing. */
  readonly run: Observable<never>;
  /** Runs a read once the view has every write that was acknowledged before the subscription. */
  readonly read: <A>(read: () => A) => Observable<A>;
}

/**
 * One request to the store for all reads that wait. A read that arrives while a request is under way waits for the next
 * one: the current one may have been answered before the write that the reader knows of. Written by hand, because every
 * get runs through it and it would take six operators.
 * @param caughtUp emits once the view has everything that was acknowledged before its subscription
 */
export function consistentReads(caughtUp: Observable<unknown>): ConsistentReads {
  const wake = new Subject<void>();
  let waiting: Waiter[] = [];
  const run = new Observable<never>(() => {
    const all = new Subscription();
    let underWay = false;
    const ask = (): void => {
      if (underWay || waiting.length === 0) return;
      underWay = true;
      const waiters = waiting;
      waiting = [];
      const ended = (): void => {
        underWay = false;
        ask();
      };
      all.add(
        caughtUp.subscribe({
          next: () => waiters.forEach(runRead),
          error: (error: unknown) => {
            for (const { subscriber } of waiters) subscriber.error(error);
            ended();
          },
          complete: ended,
        }),
      );
    };
    all.add(wake.subscribe(ask));
    return all;
  });
  return {
    run,
    read: <A>(read: () => A) =>
      new Observable<A>((subscriber) => {
        waiting.push({ subscriber: subscriber as Subscriber<unknown>, read });
        wake.next();
      }),
  };
}

function runRead({ subscriber, read }: Waiter): void {
  if (subscriber.closed) return;
  try {
    subscriber.next(read());
    subscriber.complete();
  } catch (error) {
    subscriber.error(error);
  }
}
