import { EMPTY, merge, type Observable, of, Subject, timer } from 'rxjs';
import { map, switchMap } from 'rxjs/operators';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { STATUS_NEWS_MS } from '../../contracts/messages/node.ts';
import type { Key } from '../../contracts/store/keys.ts';
import type { Cell, Changed, World } from '../kernel/contract.ts';

/** Prefix of the cells that name the pods of which only a status change is still to be sent. */
const LATE = 'late/';

/**
 * Holds back changes of nothing but a pod's status. Mostly the kubelet wrote the status itself, several times in a moment
 * while a pod starts, and does not need it back; a status that another client wrote it must get, but not at once.
 */
export class DelayedStatuses {
  readonly #world: World<unknown>;
  /** When the statuses are sent, in milliseconds since the Unix epoch; 0 = none waits. */
  readonly #dueAt: Cell<number>;
  readonly #started = new Subject<void>();

  constructor(world: World<unknown>) {
    this.#world = world;
    this.#dueAt = world.cell<number>('late-at', 0);
  }

  /** Emits the keys of the pods whose statuses are due. Must be subscribed to before the first `delay`. */
  due(): Observable<readonly Key[]> {
    const resumed = this.#dueAt.get() === 0 ? EMPTY : of(undefined);
    return merge(this.#started, resumed).pipe(
      switchMap(() => timer(Math.max(0, this.#dueAt.get() - this.#world.now()), this.#world.scheduler)),
      map(() => {
        this.#dueAt.drop();
        return this.#world.cellNames(LATE).map((name) => name.slice(LATE.length));
      }),
    );
  }

  delay(changes: readonly Changed<Pod>[]): void {
    for (const { key, after } of changes)
      if ((after?.spec?.nodeName ?? '') !== '') this.#world.cell<boolean>(LATE + key, false).set(true);
    if (this.#dueAt.get() !== 0) return;
    this.#dueAt.set(this.#world.now() + STATUS_NEWS_MS);
    this.#started.next();
  }

  /** The pod was sent, status included. */
  sent(key: Key): void {
    this.#world.cell<boolean>(LATE + key, false).drop();
  }
}
