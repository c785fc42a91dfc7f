import { AnswerStats } from './answer-stats.ts';

/** Calls that are kept account of; beyond it the oldest are forgotten. */
const OPEN_MAX = 10_000;

/** What is kept of a call; an actor keeps the message itself, to answer in its behaviour's place. */
interface Asked {
  readonly reply?: string | undefined;
  /** Is told of what was said in its inbox. */
  answered?(body: unknown): void;
}

/**
 * Calls that were heard, and in whose inbox nothing was said yet; and how soon something was: for the micro service, whose
 * own figures end when the question is in the inbox.
 */
export class UnansweredCalls<A extends Asked> {
  readonly #open = new Map<string, { readonly call: A; readonly at: number }>();
  readonly #figures = new AnswerStats();

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
    this.#figures.note(performance.now() - asked.at, body);
    asked.call.answered?.(body);
  }

  /** A question without an inbox has its answer: one that came over a port. */
  answered(ms: number, answer: unknown): void {
    this.#figures.note(ms, answer);
  }

  /** Those that nobody will answer any more. */
  take(): readonly A[] {
    const left = [...this.#open.values()].map(({ call }) => call);
    this.#open.clear();
    return left;
  }

  figures(): { readonly answered: number; readonly errors: number; readonly answerMs: number } {
    const { answered, errors, meanMs } = this.#figures;
    return { answered, errors, answerMs: Math.round(meanMs * 1000) / 1000 };
  }
}
