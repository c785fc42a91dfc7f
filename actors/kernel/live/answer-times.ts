import { isFailure } from '../../../contracts/errors/status.ts';
import type { Id } from '../contract.ts';

/** Questions whose answer is still awaited by these books; beyond it the oldest are forgotten. */
const OPEN_MAX = 10_000;
/** Weight of one answer in the mean. */
const WEIGHT = 0.05;

/** How fast an actor answers: for its micro service, whose own figures end when the question is in the inbox. */
export class AnswerTimes {
  readonly #askedAt = new Map<Id, number>();
  #answered = 0;
  #errors = 0;
  #meanMs = 0;

  asked(call: Id): void {
    if (this.#askedAt.size >= OPEN_MAX) {
      const [oldest] = this.#askedAt.keys();
      if (oldest !== undefined) this.#askedAt.delete(oldest);
    }
    this.#askedAt.set(call, performance.now());
  }

  /** Counts the first answer to a call. */
  answered(call: Id, body: unknown): void {
    const at = this.#askedAt.get(call);
    if (at === undefined) return;
    this.#askedAt.delete(call);
    this.#answered += 1;
    if (isFailure(body)) this.#errors += 1;
    const ms = performance.now() - at;
    this.#meanMs = this.#answered === 1 ? ms : this.#meanMs + (ms - this.#meanMs) * WEIGHT;
  }

  figures(): { readonly answered: number; readonly errors: number; readonly answerMs: number } {
    return { answered: this.#answered, errors: this.#errors, answerMs: Math.round(this.#meanMs * 1000) / 1000 };
  }
}
