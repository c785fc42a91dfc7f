import { AnswerStats } from './answer-stats.ts';

/** Most calls that are tracked; beyond it the oldest are dropped. */
const OPEN_MAX = 10_000;

/** The tracked part of a call. An actor tracks the message itself, to answer it if its behaviour fails. */
interface Asked {
  readonly reply?: string | undefined;
  /** Called with the body of the first message to the call's reply subject. */
  answered?(body: unknown): void;
}

/**
 * Requests received and not yet answered, and the response times of the others. The micro service library's own statistics
 * end when a request enters the inbox.
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

  /** A message was sent. The first one to a call's reply subject is its answer. */
  said(subject: string, body: unknown): void {
    const asked = this.#open.get(subject);
    if (asked === undefined) return;
    this.#open.delete(subject);
    this.#figures.note(performance.now() - asked.at, body);
    asked.call.answered?.(body);
  }

  /** A port call, which has no reply subject, was answered. */
  answered(ms: number, answer: unknown): void {
    this.#figures.note(ms, answer);
  }

  /** Removes and returns all unanswered calls, because the behaviour that received them has ended. */
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
