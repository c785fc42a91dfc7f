import { type StatusError, statusError } from '../../../contracts/errors/status.ts';

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
  readonly reject: (error: StatusError) => void;
  readonly timer: NodeJS.Timeout;
}

/** Promises that resolve when the cache reaches a revision, sorted by revision. */
export class RevisionWaiters {
  #waiting: Waiter[] = [];

  /** @throws StatusError Timeout */
  wait(revision: number, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((waiter) => waiter.timer !== timer);
        reject(
          statusError(
            'Timeout',
            `wait for revision ${revision}: the cache has not reached it after ${timeoutMs} ms; try again`,
          ),
        );
      }, timeoutMs);
      this.#insert({ revision, resolve, reject, timer });
    });
  }

  #insert(waiter: Waiter): void {
    // Revisions mostly arrive in order, so the search begins at the end.
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1] as Waiter).revision > waiter.revision) at--;
    this.#waiting.splice(at, 0, waiter);
  }

  /** The cache has reached `revision`. */
  settle(revision: number): void {
    let count = 0;
    for (let waiter = this.#waiting[0]; waiter !== undefined && waiter.revision <= revision; ) {
      clearTimeout(waiter.timer);
      waiter.resolve();
      waiter = this.#waiting[++count];
    }
    if (count > 0) this.#waiting.splice(0, count);
  }

  fail(error: StatusError): void {
    for (const waiter of this.#waiting) {
      clearTimeout(waiter.timer);
      waiter.reject(error);
    }
    this.#waiting = [];
  }
}
