import { StatusError } from '../../contracts/errors/status.ts';
import { Undecided } from './key-writer.ts';

/** What is asked of the store; each sort works or fails by itself: a full disk is no hindrance to reads. */
const SORTS = { write: 'writes', read: 'reads', events: 'reads and writes of Events' } as const;
export type Sort = keyof typeof SORTS;

/** So long a failure is told of that nothing followed: a quiet store may have no call that proves it well again. */
const TOLD_MS = 300_000;

interface Failed {
  readonly at: number;
  readonly alarm: (agoMs: number) => string;
}

/** What the last calls of each sort came to. */
export class Trouble {
  readonly #failed = new Map<Sort, Failed>();
  /** Of the calls that were answered, the one that began last. */
  readonly #answered = new Map<Sort, number>();
  #calls = 0;

  /** Takes note of how a call ends. @returns the call */
  of<T>(sort: Sort, call: Promise<T>): Promise<T> {
    const began = ++this.#calls;
    call.then(
      () => this.#noteAnswer(sort, began),
      (error: unknown) => {
        if (isAnswer(error)) return this.#noteAnswer(sort, began);
        const alarm = alarmOf(sort, error);
        // Who waited long for nothing tells no news where the store has answered who came later.
        if (alarm === undefined || (this.#answered.get(sort) ?? 0) > began) return;
        this.#failed.set(sort, { alarm, at: performance.now() });
      },
    );
    return call;
  }

  #noteAnswer(sort: Sort, began: number): void {
    this.#failed.delete(sort);
    this.#answered.set(sort, Math.max(began, this.#answered.get(sort) ?? 0));
  }

  /** Why the last call of a sort failed, where the store has answered none since. */
  get now(): string | undefined {
    const now = performance.now();
    const failed = [...this.#failed.values()].find(({ at }) => now - at <= TOLD_MS);
    return failed?.alarm(now - failed.at);
  }
}

/** Is this what the store answered? It found something else than was expected, or more than it takes. */
function isAnswer(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false;
  if (error instanceof Undecided) return true;
  const { reason, cause } = error;
  if (reason === 'RequestEntityTooLarge') return cause !== undefined; // else it was too large to be sent at all
  return reason === 'Conflict' || reason === 'AlreadyExists';
}

/** @returns `undefined` where the asker has to change something */
function alarmOf(sort: Sort, error: unknown): Failed['alarm'] | undefined {
  if (!(error instanceof StatusError)) return undefined;
  const { reason, message, cause } = error;
  if (reason === 'ServiceUnavailable') return () => message;
  if (reason !== 'Timeout') return undefined;
  const finding = cause instanceof Error ? cause.message : message;
  return (agoMs) =>
    `${SORTS[sort]} get no answer from the store (last: ${finding}, ${Math.round(agoMs / 1000)} s ago); see in nats-server's log whether it runs, and whether its disk has room`;
}
