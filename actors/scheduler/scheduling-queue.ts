import type { Key } from '../../contracts/store/keys.ts';
import { doubled } from '../../contracts/time/doubling-delay.ts';
import type { Cell, Millis, World } from '../kernel/contract.ts';

/** The backoff of a pod that fits on no node or could not be bound: it is retried at `at`, or when the cluster changes after `notBefore`. */
type Backoff = {
  readonly priority: number;
  readonly attempts: number;
  readonly notBefore: Millis;
  readonly at: Millis;
};

const CELL_PREFIX = 'waiting/';
/** As in Kubernetes: an unschedulable pod is not retried before this time, which doubles with each attempt up to the cap. */
const BACKOFF_MS = 1000;
const BACKOFF_CAP_MS = 10_000;

type Cells = Pick<World<unknown>, 'cell' | 'cellNames'>;

/**
 * Pods without a node. Ready pods come out by priority and then first in, first out; pods in backoff wait for their retry.
 */
export class SchedulingQueue {
  readonly #cells: Cells;
  readonly #ready = new Map<number, Set<Key>>();
  readonly #priorityOf = new Map<Key, number>();
  readonly #waiting = new Map<Key, Backoff>();

  constructor(cells: Cells) {
    this.#cells = cells;
  }

  /**
   * Restores the backoffs from their cells; may be called only in a turn.
   * @param isUnscheduled whether this pod still needs a node; the backoffs of others are dropped
   */
  resume(isUnscheduled: (key: Key) => boolean): void {
    for (const name of this.#cells.cellNames(CELL_PREFIX)) {
      const key = name.slice(CELL_PREFIX.length);
      const backoff = this.#cell(key).get();
      if (backoff === null) continue;
      if (isUnscheduled(key)) this.#waiting.set(key, backoff);
      else this.#cell(key).drop();
    }
  }

  get readyCount(): number {
    return this.#priorityOf.size;
  }

  has(key: Key): boolean {
    return this.#priorityOf.has(key) || this.#waiting.has(key);
  }

  /** Makes a pod ready and ends its backoff. No effect on a pod that is ready already. */
  add(key: Key, priority: number): void {
    if (this.#priorityOf.has(key)) return;
    this.#waiting.delete(key);
    this.#priorityOf.set(key, priority);
    const queue = this.#ready.get(priority);
    if (queue === undefined) this.#ready.set(priority, new Set([key]));
    else queue.add(key);
  }

  /** Removes a pod that needs no node any more, with its backoff. */
  forget(key: Key): void {
    const priority = this.#priorityOf.get(key);
    if (priority !== undefined) this.#take(key, priority);
    this.#waiting.delete(key);
    if (this.#cell(key).get() !== null) this.#cell(key).drop();
  }

  /** Takes out the next pod: the highest priority first, then the one that has been ready longest. */
  take(): Key | undefined {
    let best: number | undefined;
    for (const priority of this.#ready.keys()) if (best === undefined || priority > best) best = priority;
    if (best === undefined) return undefined;
    const [key] = this.#ready.get(best) ?? [];
    if (key !== undefined) this.#take(key, best);
    return key;
  }

  #take(key: Key, priority: number): void {
    const queue = this.#ready.get(priority);
    queue?.delete(key);
    if (queue?.size === 0) this.#ready.delete(priority);
    this.#priorityOf.delete(key);
  }

  /**
   * Puts a pod into backoff after a failed attempt.
   * @param retryMs time after which it is retried even if nothing changed; undefined = its backoff
   */
  wait(key: Key, priority: number, now: Millis, retryMs?: number): void {
    const attempts = (this.#cell(key).get()?.attempts ?? 0) + 1;
    const backoffMs = doubled(BACKOFF_MS, attempts - 1, BACKOFF_CAP_MS);
    this.#set(key, { priority, attempts, notBefore: now + backoffMs, at: now + (retryMs ?? backoffMs) });
  }

  /** The cluster changed and waiting pods may fit now: each is retried as soon as its backoff is over. */
  retryWaiting(now: Millis): void {
    for (const [key, backoff] of this.#waiting) {
      const at = Math.max(now, backoff.notBefore);
      if (at < backoff.at) this.#set(key, { ...backoff, at });
    }
  }

  /** Makes the pods ready whose retry is due. */
  releaseDue(now: Millis): void {
    for (const [key, { at, priority }] of this.#waiting) if (at <= now) this.add(key, priority);
  }

  /** When the next waiting pod is retried. */
  get nextRetryAt(): Millis | undefined {
    let next: Millis | undefined;
    for (const { at } of this.#waiting.values()) if (next === undefined || at < next) next = at;
    return next;
  }

  #set(key: Key, backoff: Backoff): void {
    this.#waiting.set(key, backoff);
    this.#cell(key).set(backoff);
  }
  #cell(key: Key): Cell<Backoff | null> {
    return this.#cells.cell<Backoff | null>(`${CELL_PREFIX}${key}`, null);
  }
}
