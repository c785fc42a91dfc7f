import { Observable, Subject, type Subscription } from 'rxjs';
import type { Millis, World } from '../contract.ts';
import { backoffMs } from './backoff.ts';
import { type Refusal, Refused } from './refusal.ts';

/** When a key is planned again; `attempt` 0 = because its plan wanted to look again. */
type Book = { readonly at: Millis; readonly attempt: number; readonly refused?: Refusal };

/** Times that a race may be lost before it counts as a fault: losing one is the normal course of things. */
const RACES_MAX = 3;

/** Wake-ups that are due later: retries and `againInMs`. Their books are cells, so that a crash forgets none. */
export function requeueTimers(world: World<unknown>) {
  const due$ = new Subject<string>();
  const timers = new Map<string, Subscription>();
  const book = (key: string) => world.cell<Book | null>(`wake/${key}`, null);
  const clear = (key: string): void => {
    timers.get(key)?.unsubscribe();
    timers.delete(key);
  };
  const arm = (key: string, inMs: number): void => {
    clear(key);
    const timer = world.scheduler.schedule(() => {
      timers.delete(key);
      due$.next(key);
    }, inMs);
    timers.set(key, timer);
  };
  return {
    wakes$: new Observable<string>((out) => {
      const subscription = due$.subscribe(out);
      if (world.began() === 'resumed') {
        for (const name of world.cellNames('wake/')) {
          const key = name.slice('wake/'.length);
          const wake = book(key).get();
          if (wake !== null) arm(key, wake.at - world.now());
        }
      }
      return subscription;
    }),
    settle(key: string, againInMs: number | undefined): void {
      clear(key);
      if (againInMs === undefined) {
        if (book(key).get() !== null) book(key).drop();
        return;
      }
      book(key).set({ at: world.now() + againInMs, attempt: 0 });
      arm(key, againInMs);
    },
    /** What ended the last run of this key, while it waits to be planned again. */
    refusalOf: (key: string): Refusal | undefined => book(key).get()?.refused,
    /** Whatever the refusal: what stands in the way may be lifted by somebody whose doings wake no key. */
    retry(key: string, error: unknown): void {
      const attempt = (book(key).get()?.attempt ?? 0) + 1;
      const inMs = backoffMs(attempt, () => world.random());
      const next = { at: world.now() + inMs, attempt };
      if (error instanceof Refused) {
        const { say, message, retry } = error;
        book(key).set({ ...next, refused: { say, message, retry } });
        if (retry !== 'reread' || attempt > RACES_MAX) world.report(key, error);
      } else {
        book(key).set(next);
        world.report(key, error);
      }
      arm(key, inMs);
    },
  };
}
