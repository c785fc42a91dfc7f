import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';
import type { Millis } from '../contract.ts';

/** The RxJS scheduler of a behaviour: work runs only in a `due` turn, ordered by time and then by order of scheduling. */
export class TurnScheduler implements SchedulerLike {
  readonly #clock: () => Millis;
  readonly #onWork: () => void;
  #queue: TurnAction<unknown>[] = []; // sorted by (due, serial)
  #serial = 0;

  /** @param clock the time of the turn @param onSchedule called on every use, to detect use outside a turn */
  constructor(clock: () => Millis, onSchedule: () => void) {
    this.#clock = clock;
    this.#onWork = onSchedule;
  }

  now(): Millis {
    return this.#clock();
  }

  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription {
    return new TurnAction<T>(this, work).schedule(state, delay);
  }

  /** When the next work is due; `undefined` when there is none. */
  get nextDue(): Millis | undefined {
    return this.#queue[0]?.due;
  }

  /** Pending work in the order in which it will run: due time, and a serial number that rises with each scheduling. */
  timers(): readonly { readonly due: Millis; readonly serial: number }[] {
    return this.#queue.map(({ due, serial }) => ({ due, serial }));
  }

  /** Runs all work that is due at `now`; work scheduled meanwhile waits for the next `due` turn. */
  flush(now: Millis): void {
    let count = 0;
    while (count < this.#queue.length && (this.#queue[count]?.due ?? Number.POSITIVE_INFINITY) <= now) count++;
    for (const action of this.#queue.splice(0, count)) action.execute();
  }

  clear(): void {
    this.#queue = [];
  }

  enqueue(action: TurnAction<unknown>, delay: number): void {
    this.#onWork();
    action.due = this.now() + Math.max(0, Math.ceil(Number.isFinite(delay) ? delay : 0));
    action.serial = this.#serial++;
    let low = 0;
    let high = this.#queue.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#queue[middle]?.due ?? 0) <= action.due) low = middle + 1;
      else high = middle;
    }
    this.#queue.splice(low, 0, action);
  }

  dequeue(action: TurnAction<unknown>): void {
    const at = this.#queue.indexOf(action);
    if (at >= 0) this.#queue.splice(at, 1);
  }
}

class TurnAction<T> extends Subscription implements SchedulerAction<T> {
  due: Millis = 0;
  serial = 0;
  readonly #scheduler: TurnScheduler;
  readonly #work: (this: SchedulerAction<T>, state?: T) => void;
  #state: T | undefined;
  #pending = false;

  constructor(scheduler: TurnScheduler, work: (this: SchedulerAction<T>, state?: T) => void) {
    super();
    this.#scheduler = scheduler;
    this.#work = work;
  }

  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this;
    if (this.#pending) this.#scheduler.dequeue(this as TurnAction<unknown>);
    this.#state = state;
    this.#pending = true;
    this.#scheduler.enqueue(this as TurnAction<unknown>, delay);
    return this;
  }

  execute(): void {
    if (this.closed) return;
    this.#pending = false;
    this.#work(this.#state);
    // Work that was not rescheduled is over; keeping it would retain its closure.
    if (!this.#pending) this.unsubscribe();
  }

  override unsubscribe(): void {
    if (this.closed) return;
    if (this.#pending) {
      this.#pending = false;
      this.#scheduler.dequeue(this as TurnAction<unknown>);
    }
    super.unsubscribe();
  }
}
