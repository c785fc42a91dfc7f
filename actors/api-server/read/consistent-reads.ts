import { Observable, Subject, type Subscriber, Subscription } from 'rxjs';

interface Waiter {
  readonly subscriber: Subscriber<unknown>;
  readonly read: () => unknown;
}

/** `after(read)` runs `read` once the view has everything that was acknowledged when it was asked for. */
export interface FreshReads {
  /** Must be subscribed to for as long as `after` is used; emits nothing. */
  readonly run: Observable<never>;
  readonly after: <A>(read: () => A) => Observable<A>;
}

/**
 * Read your writes with one question for all that wait. Who comes while a question is under way waits for the next one:
 * that question may have been answered before the write that the reader knows of. Made by hand, because every get passes
 * here: of operators it takes six.
 */
export function freshReads(question: Observable<unknown>): FreshReads {
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
        question.subscribe({
          next: () => waiters.forEach(release),
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
    after: <A>(read: () => A) =>
      new Observable<A>((subscriber) => {
        waiting.push({ subscriber: subscriber as Subscriber<unknown>, read });
        wake.next();
      }),
  };
}

function release({ subscriber, read }: Waiter): void {
  if (subscriber.closed) return;
  try {
    subscriber.next(read());
    subscriber.complete();
  } catch (error) {
    subscriber.error(error);
  }
}
