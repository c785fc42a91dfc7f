import { Observable, Subject, type Subscription } from 'rxjs';
import type { Cell, Millis, World } from '../contract.ts';
import { backoffMs } from './backoff.ts';
import { type Refusal, Refused } from './refusal.ts';

/** When a key is planned again. `attempt` counts retries; 0 = the plan itself asked for it (`againInMs`). */
type Requeue = { readonly at: Millis; readonly attempt: number; readonly refused?: Refusal };

/** Conflicts in a row that are normal; only more of them are reported. */
const CONFLICTS_MAX = 3;

/** Cells `wake/<key>` hold the pending requeues. */
const CELL = 'wake/';

/** Wake-ups that are due later: retries after a failure, and `againInMs`. They are kept in cells, so they survive a crash. */
export class RequeueTimers {
  /** Emits a key when it is due. After a crash the timers are armed again on subscription. */
  readonly wakes$: Observable<string>;
  readonly #world: World<unknown>;
  readonly #due$ = new Subject<string>();
  readonly #timers = new Map<string, Subscription>();

  constructor(world: World<unknown>) {
    this.#world = world;
    this.wakes$ = new Observable<string>((out) => {
      const subscription = this.#due$.subscribe(out);
      if (world.began() === 'resumed') this.#resume();
      return subscription;
    });
  }

  /** The run of a key succeeded. @param againInMs when its plan wants to run again; `undefined`: only when woken */
  settle(key: string, againInMs: number | undefined): void {
    this.#clear(key);
    const cell = this.#cell(key);
    if (againInMs === undefined) {
      if (cell.get() !== null) cell.drop();
      return;
    }
    cell.set({ at: this.#world.now() + againInMs, attempt: 0 });
    this.#arm(key, againInMs);
  }

  /** What ended the last run of this key, while it waits to be planned again. */
  refusalOf(key: string): Refusal | undefined {
    return this.#cell(key).get()?.refused;
  }

  /**
   * The run of a key failed: requeues it with backoff. This includes refusals that are not worth repeating by themselves,
   * because the obstacle may be removed by a change that does not wake this key.
   */
  retry(key: string, error: unknown): void {
    const world = this.#world;
    const cell = this.#cell(key);
    const attempt = (cell.get()?.attempt ?? 0) + 1;
    const inMs = backoffMs(attempt, () => world.random());
    const next = { at: world.now() + inMs, attempt };
    if (error instanceof Refused) {
      const { say, message, retry } = error;
      cell.set({ ...next, refused: { say, message, retry } });
      if (retry !== 'reread' || attempt > CONFLICTS_MAX) world.report(key, error);
    } else {
      cell.set(next);
      world.report(key, error);
    }
    this.#arm(key, inMs);
  }

  #resume(): void {
    for (const name of this.#world.cellNames(CELL)) {
      const key = name.slice(CELL.length);
      const requeue = this.#cell(key).get();
      if (requeue !== null) this.#arm(key, requeue.at - this.#world.now());
    }
  }

  #arm(key: string, inMs: number): void {
    this.#clear(key);
    const timer = this.#world.scheduler.schedule(() => {
      this.#timers.delete(key);
      this.#due$.next(key);
    }, inMs);
    this.#timers.set(key, timer);
  }

  #clear(key: string): void {
    this.#timers.get(key)?.unsubscribe();
    this.#timers.delete(key);
  }

  #cell(key: string): Cell<Requeue | null> {
    return this.#world.cell<Requeue | null>(`${CELL}${key}`, null);
  }
}
