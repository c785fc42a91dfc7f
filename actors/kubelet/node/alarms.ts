import { Observable, Subject, type Subscription } from 'rxjs';
import type { World } from '../../kernel/contract.ts';

/** One timer a key: setting it again moves it. What is due comes out of `due$`, for as long as that is subscribed to. */
export class Alarms {
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

  /** @param at milliseconds since the Unix epoch; `undefined` = no alarm */
  set(key: string, at: number | undefined): void {
    this.#timers.get(key)?.timer.unsubscribe();
    this.#timers.delete(key);
    if (at === undefined) return;
    const ring = () => {
      this.#timers.delete(key);
      this.#due.next(key);
    };
    const timer = this.#world.scheduler.schedule(ring, Math.max(0, at - this.#world.now()));
    this.#timers.set(key, { at, timer });
  }

  /** As `set`, but never later than an alarm that is set already: who asks again and again puts nothing off. */
  in(key: string, ms: number): void {
    const at = this.#world.now() + ms;
    if ((this.#timers.get(key)?.at ?? Number.POSITIVE_INFINITY) > at) this.set(key, at);
  }
}
