import { StatusError } from '../../contracts/errors/status.ts';
import { Undecided } from './key-writer.ts';

/** The kinds of operations on the store; each can fail alone: with a full disk, reads still work. */
const OPERATIONS = { write: 'writes', read: 'reads', events: 'reads and writes of Events' } as const;
export type Operation = keyof typeof OPERATIONS;

/** How long an alarm stays when no operation follows: a quiet store may have none that shows that it works again. */
const ALARM_MS = 300_000;

interface Failed {
  readonly at: number;
  readonly alarm: (agoMs: number) => string;
}

/** Whether the store answers, by the results of the latest operations of each kind. */
export class StoreHealth {
  readonly #failed = new Map<Operation, Failed>();
  /** Of the operations that were answered, the number of the one that began last. */
  readonly #answered = new Map<Operation, number>();
  #count = 0;

  /** Records how an operation ends. @returns `result` itself */
  track<T>(operation: Operation, result: Promise<T>): Promise<T> {
    const began = ++this.#count;
    result.then(
      () => this.#recordAnswer(operation, began),
      (error: unknown) => {
        if (isAnswer(error)) return this.#recordAnswer(operation, began);
        const alarm = alarmOf(operation, error);
        // A timeout says nothing new if the store has answered an operation that began later.
        if (alarm === undefined || (this.#answered.get(operation) ?? 0) > began) return;
        this.#failed.set(operation, { alarm, at: performance.now() });
      },
    );
    return result;
  }

  #recordAnswer(operation: Operation, began: number): void {
    this.#failed.delete(operation);
    this.#answered.set(operation, Math.max(began, this.#answered.get(operation) ?? 0));
  }

  /** Why the last operation of a kind failed, if none of that kind was answered since. */
  get alarm(): string | undefined {
    const now = performance.now();
    const failed = [...this.#failed.values()].find(({ at }) => now - at <= ALARM_MS);
    return failed?.alarm(now - failed.at);
  }
}

/** Is the error an answer of the store? It had another revision than expected, or rejected the object as too large. */
function isAnswer(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false;
  if (error instanceof Undecided) return true;
  const { reason, cause } = error;
  if (reason === 'RequestEntityTooLarge') return cause !== undefined; // without a cause it was not sent at all
  return reason === 'Conflict' || reason === 'AlreadyExists';
}

/** @returns `undefined` when the caller has to change its request */
function alarmOf(operation: Operation, error: unknown): Failed['alarm'] | undefined {
  if (!(error instanceof StatusError)) return undefined;
  const { reason, message, cause } = error;
  if (reason === 'ServiceUnavailable') return () => message;
  if (reason !== 'Timeout') return undefined;
  const finding = cause instanceof Error ? cause.message : message;
  return (agoMs) =>
    `${OPERATIONS[operation]} get no answer from the store (last error: ${finding}, ${Math.round(agoMs / 1000)} s ago); check nats-server's log: is it running, and has its disk room?`;
}
