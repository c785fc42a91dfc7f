import { Observable, Subject, type Subscription } from 'rxjs';
import type { World } from '../../kernel/contract.ts';

/** One timer per key. `due$` emits the key when its timer fires; unsubscribing from `due$` cancels all timers. */
export class KeyedTimers {
  readonly #world: World<unknown>;
  readonly #due = new Subject<string>();
  readonly #timers = new Map<string, { readonly at: number; readonly timer: Subscription }>();
  readonly due$: Observable<string>;

  constructor(world: World<unknown>) {
    this.#world = world;
    this.due$ = new Observable<string>((out) => {
      out.add(this.#due.subscribe(out));
      out.add(() => {
        for (const { timer } of this.#timers.values()) timer.unsubscribe();
        this.#timers.clear();
      });
    });
  }

  /** When the key's timer fires, in milliseconds since the Unix epoch; `undefined` = it has no timer. */
  at(key: string): number | undefined {
    return this.#timers.get(key)?.at;
  }

  /** Replaces the key's timer. @param at milliseconds since the Unix epoch; `undefined` cancels the timer */
  set(key: string, at: number | undefined): void {
    this.#timers.get(key)?.timer.unsubscribe();
    this.#timers.delete(key);
    if (at === undefined) return;
    const fire = () => {
      this.#timers.delete(key);
      this.#due.next(key);
    };
    const timer = this.#world.scheduler.schedule(fire, Math.max(0, at - this.#world.now()));
    this.#timers.set(key, { at, timer });
  }

  /** Like `set`, but an earlier timer of the key stays, so that repeated calls never postpone it. */
  setWithin(key: string, ms: number): void {
    const at = this.#world.now() + ms;
    if ((this.at(key) ?? Number.POSITIVE_INFINITY) > at) this.set(key, at);
  }
}
