import { concat, defer, EMPTY, type Observable, timer } from 'rxjs';
import { ignoreElements, tap } from 'rxjs/operators';
import type { KubeletWorld } from '../kubelet-says.ts';
import { jittered, type PeriodicTasks } from '../queues/periodic-tasks.ts';
import type { ObservedPods } from './observed-pods.ts';

const TIMEOUT_MS = 30_000;
/** The runtime is listed at least this often, give or take a quarter, even without a hint. */
const LIST_MS = 45_000;
/** Least time between two lists; hints within it share one. Three times as long as a list takes, if that is more. */
const LIST_SPACING_MS = 200;
/** An engine may send a hint a moment before its list shows the change (Docker does): it is listed once more after this. */
const HINT_SETTLES_MS = 250;

export interface RuntimeListerParts {
  readonly world: KubeletWorld;
  readonly observed: ObservedPods;
  readonly tasks: PeriodicTasks;
  /** A list arrived. @param woken uids of the pods that changed; `isFirst`: since the kubelet started */
  readonly listed: (woken: readonly string[], isFirst: boolean) => void;
}

/** Lists the sandboxes and containers that the runtime has: periodically, after hints, and on request. */
export class RuntimeLister {
  readonly #parts: RuntimeListerParts;
  #nextListAt = 0;
  #hintedAt = 0;

  constructor(parts: RuntimeListerParts) {
    this.#parts = parts;
  }

  /** The runtime reported that something changed. */
  hint(): void {
    this.#hintedAt = this.#parts.world.now();
    this.#parts.tasks.runNow('list');
  }

  list(): Observable<unknown> {
    const { world, observed } = this.#parts;
    const wait = Math.max(0, this.#nextListAt - world.now());
    const paused = wait === 0 ? EMPTY : timer(wait, world.scheduler).pipe(ignoreElements());
    const ask = defer(() => {
      const askedAt = world.now();
      const take = observed.beginList();
      return world
        .ask(world.say.list({}, {}), { timeoutMs: TIMEOUT_MS })
        .pipe(tap((listed) => this.#take(askedAt, () => take(listed))));
    });
    return concat(paused, ask);
  }

  #take(askedAt: number, take: () => { readonly woken: readonly string[]; readonly again: boolean }): void {
    const { world, observed, tasks, listed } = this.#parts;
    const isFirst = !observed.known;
    const { woken, again } = take();
    this.#nextListAt = world.now() + Math.max(LIST_SPACING_MS, 3 * (world.now() - askedAt));
    listed(woken, isFirst);
    if (again) tasks.runNow('list');
    const isEarly = askedAt < this.#hintedAt + HINT_SETTLES_MS;
    tasks.runWithin('list', isEarly ? HINT_SETTLES_MS : jittered(world, LIST_MS));
  }
}
