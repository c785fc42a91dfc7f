import { isFailure } from '../../../contracts/errors/status.ts';

/** Calls that are kept account of; beyond it the oldest are forgotten. */
const OPEN_MAX = 10_000;
/** Weight of one answer in the mean. */
const WEIGHT = 0.05;

/** What is kept of a call; an actor keeps the message itself, to answer in its behaviour's place. */
interface Asked {
  readonly reply?: string | undefined;
}

/**
 * Calls that were heard, and in whose inbox nothing was said yet; and how soon something was: for the micro service, whose
 * own figures end when the question is in the inbox.
 */
export class CallsInHand<A extends Asked> {
  readonly #open = new Map<string, { readonly call: A; readonly at: number }>();
  #answered = 0;
  #errors = 0;
  #meanMs = 0;

  heard(call: A): void {
    if (call.reply === undefined || call.reply === '') return;
    if (this.#open.size >= OPEN_MAX) {
      const [oldest] = this.#open.keys();
      if (oldest !== undefined) this.#open.delete(oldest);
    }
    this.#open.set(call.reply, { call, at: performance.now() });
  }

  /** The first that is said in a call's inbox is its answer. */
  said(subject: string, body: unknown): void {
    const asked = this.#open.get(subject);
    if (asked === undefined) return;
    this.#open.delete(subject);
    this.#answered += 1;
    if (isFailure(body)) this.#errors += 1;
    const ms = performance.now() - asked.at;
    this.#meanMs = this.#answered === 1 ? ms : this.#meanMs + (ms - this.#meanMs) * WEIGHT;
  }

  /** Those that nobody will answer any more. */
  take(): readonly A[] {
    const left = [...this.#open.values()].map(({ call }) => call);
    this.#open.clear();
    return left;
  }

  figures(): { readonly answered: number; readonly errors: number; readonly answerMs: number } {
    return { answered: this.#answered, errors: this.#errors, answerMs: Math.round(this.#meanMs * 1000) / 1000 };
  }
}
