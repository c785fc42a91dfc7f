import { defer, EMPTY, Observable, of, Subject, type Subscriber } from 'rxjs';
import { catchError, exhaustMap, ignoreElements, repeat, tap } from 'rxjs/operators';

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
 * that question may have been answered before the write that the reader knows of.
 */
export function freshReads(question: Observable<unknown>): FreshReads {
  const wake = new Subject<void>();
  let waiting: Waiter[] = [];
  const round = defer(() => {
    const waiters = waiting;
    waiting = [];
    return question.pipe(
      tap(() => waiters.forEach(release)),
      catchError((error: unknown) => {
        for (const { subscriber } of waiters) subscriber.error(error);
        return EMPTY;
      }),
    );
  });
  const again = repeat({ delay: () => (waiting.length > 0 ? of(true) : EMPTY) });
  return {
    run: wake.pipe(
      exhaustMap(() => round.pipe(again)),
      ignoreElements(),
    ),
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
