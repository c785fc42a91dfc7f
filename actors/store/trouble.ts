import { StatusError } from '../../contracts/errors/status.ts';

/** What is asked of the store; each sort works or fails by itself: a full disk is no hindrance to reads. */
const SORTS = { write: 'writes', read: 'reads', events: 'reads and writes of Events' } as const;
export type Sort = keyof typeof SORTS;

/** So long a failure is told of that nothing followed: a quiet store may have no call that proves it well again. */
const TOLD_MS = 300_000;

/** What the last calls of each sort came to. */
export class Trouble {
  readonly #failed = new Map<Sort, { readonly alarm: string; readonly at: number }>();

  /** Takes note of how a call ends. @returns the call */
  of<T>(sort: Sort, call: Promise<T>): Promise<T> {
    call.then(
      () => this.#failed.delete(sort),
      (error: unknown) => {
        const alarm = alarmOf(sort, error);
        if (alarm !== undefined) this.#failed.set(sort, { alarm, at: performance.now() });
        else if (isAnswer(error)) this.#failed.delete(sort);
      },
    );
    return call;
  }

  /** Why the last call of a sort failed, where the store has answered none since. */
  get now(): string | undefined {
    const since = performance.now() - TOLD_MS;
    return [...this.#failed.values()].find(({ at }) => at >= since)?.alarm;
  }
}

/** Is this what the store answered? It found something else than was expected, or more than it takes. */
function isAnswer(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false;
  const { reason, cause } = error;
  if (reason === 'RequestEntityTooLarge') return cause !== undefined; // else it was too large to be sent at all
  return reason === 'Conflict' || reason === 'AlreadyExists';
}

/** @returns `undefined` where the asker has to change something */
function alarmOf(sort: Sort, error: unknown): string | undefined {
  if (!(error instanceof StatusError)) return undefined;
  const { reason, message, cause } = error;
  if (reason === 'ServiceUnavailable') return message;
  if (reason !== 'Timeout') return undefined;
  const finding = cause instanceof Error ? cause.message : message;
  return `${SORTS[sort]} get no answer from the store (last: ${finding}); see in nats-server's log whether it runs, and whether its disk has room`;
}
