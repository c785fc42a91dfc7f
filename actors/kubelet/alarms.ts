import { Observable, Subject, type Subscription } from 'rxjs';
import type { World } from '../kernel/contract.ts';

/** One timer a key: setting it again moves it. What is due comes out of `due$`, for as long as that is subscribed to. */
export class Alarms {
  readonly #world: World<unknown>;
  readonly #due = new Subject<string>();
  readonly #timers = new Map<string, Subscription>();
  readonly due$: Observable<string>;

  constructor(world: World<unknown>) {
    this.#world = world;
    this.due$ = new Observable<string>((out) => {
      out.add(this.#due.subscribe(out));
      out.add(() => {
        for (const timer of this.#timers.values()) timer.unsubscribe();
        this.#timers.clear();
      });
    });
  }

  /** @param at milliseconds since the Unix epoch; `undefined` = no alarm */
  set(key: string, at: number | undefined): void {
    this.#timers.get(key)?.unsubscribe();
    this.#timers.delete(key);
    if (at === undefined) return;
    const ring = () => {
      this.#timers.delete(key);
      this.#due.next(key);
    };
    this.#timers.set(key, this.#world.scheduler.schedule(ring, Math.max(0, at - this.#world.now())));
  }

  /** As `set`, but never later than an alarm that is set already. */
  in(key: string, ms: number): void {
    this.set(key, this.#world.now() + ms);
  }
}
