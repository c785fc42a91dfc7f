import type { Key } from '../../contracts/store/keys.ts';
import { doubled } from '../../contracts/time/doubling-delay.ts';
import type { Cell, Millis, World } from '../kernel/contract.ts';

/** A pod that fits nowhere, or could not be bound: tried again at `at`, or from `notBefore` on when the cluster changes. */
type Wait = {
  readonly priority: number;
  readonly attempts: number;
  readonly notBefore: Millis;
  readonly at: Millis;
};

const PREFIX = 'waiting/';
/** As in Kubernetes: a pod that fits nowhere is not tried again sooner than this, doubled each time up to the cap. */
const BACKOFF_MS = 1000;
const BACKOFF_CAP_MS = 10_000;

type Cells = Pick<World<unknown>, 'cell' | 'cellNames'>;

/** Pods that want a node: the ready ones by priority and then in the order in which they came, and those that wait. */
export class Pending {
  readonly #cells: Cells;
  readonly #ready = new Map<number, Set<Key>>();
  readonly #priorityOf = new Map<Key, number>();
  readonly #waiting = new Map<Key, Wait>();

  constructor(cells: Cells) {
    this.#cells = cells;
  }

  /**
   * Takes the waits out of their cells; only in a turn.
   * @param holds does this pod still wait for a node? Other waits are forgotten
   */
  resume(holds: (key: Key) => boolean): void {
    for (const name of this.#cells.cellNames(PREFIX)) {
      const key = name.slice(PREFIX.length);
      const wait = this.#book(key).get();
      if (wait === null) continue;
      if (holds(key)) this.#waiting.set(key, wait);
      else this.#book(key).drop();
    }
  }

  get ready(): number {
    return this.#priorityOf.size;
  }

  isKnown(key: Key): boolean {
    return this.#priorityOf.has(key) || this.#waiting.has(key);
  }

  /** To be tried now; a wait is over. Nothing changes for a pod that is ready already. */
  add(key: Key, priority: number): void {
    if (this.#priorityOf.has(key)) return;
    this.#waiting.delete(key);
    this.#priorityOf.set(key, priority);
    const queue = this.#ready.get(priority);
    if (queue === undefined) this.#ready.set(priority, new Set([key]));
    else queue.add(key);
  }

  /** Gone, or bound. */
  forget(key: Key): void {
    const priority = this.#priorityOf.get(key);
    if (priority !== undefined) this.#take(key, priority);
    this.#waiting.delete(key);
    if (this.#book(key).get() !== null) this.#book(key).drop();
  }

  /** The next to try: highest priority first, then the longest ready. */
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
   * Puts off a pod that was tried in vain.
   * @param retryMs when to try again though nothing changed; undefined = after its backoff
   */
  wait(key: Key, priority: number, now: Millis, retryMs?: number): void {
    const attempts = (this.#book(key).get()?.attempts ?? 0) + 1;
    const backoff = doubled(BACKOFF_MS, attempts - 1, BACKOFF_CAP_MS);
    this.#set(key, { priority, attempts, notBefore: now + backoff, at: now + (retryMs ?? backoff) });
  }

  /** The cluster changed: whoever waits may fit now, once its backoff is over. */
  hasten(now: Millis): void {
    for (const [key, wait] of this.#waiting) {
      const at = Math.max(now, wait.notBefore);
      if (at < wait.at) this.#set(key, { ...wait, at });
    }
  }

  /** Makes those ready whose time has come. */
  wake(now: Millis): void {
    for (const [key, wait] of this.#waiting) if (wait.at <= now) this.add(key, wait.priority);
  }

  /** When the next wait is over. */
  get nextAt(): Millis | undefined {
    let next: Millis | undefined;
    for (const { at } of this.#waiting.values()) if (next === undefined || at < next) next = at;
    return next;
  }

  #set(key: Key, wait: Wait): void {
    this.#waiting.set(key, wait);
    this.#book(key).set(wait);
  }
  #book(key: Key): Cell<Wait | null> {
    return this.#cells.cell<Wait | null>(`${PREFIX}${key}`, null);
  }
}
