import type { Subscriber } from 'rxjs';
import type { AskId, Said } from '../contract.ts';
import { type AskResult, answerOf } from './answers.ts';

interface OpenAsk {
  readonly said: Said;
  readonly timeoutMs: number;
  readonly subscriber: Subscriber<unknown>;
}

/** The questions of one actor that have no answer yet. */
export class OpenAsks {
  readonly #open = new Map<AskId, OpenAsk>();

  get size(): number {
    return this.#open.size;
  }
  has(id: AskId): boolean {
    return this.#open.has(id);
  }
  add(id: AskId, ask: OpenAsk): void {
    this.#open.set(id, ask);
  }
  drop(id: AskId): void {
    this.#open.delete(id);
  }
  clear(): void {
    this.#open.clear();
  }

  /** Tells whoever asked; an answer that nobody awaits any more is dropped. */
  settle(id: AskId, result: AskResult): void {
    const ask = this.#open.get(id);
    if (ask === undefined) return;
    this.#open.delete(id);
    const { said, timeoutMs, subscriber } = ask;
    let answer: unknown;
    try {
      answer = answerOf(said, timeoutMs, result);
    } catch (error) {
      subscriber.error(error);
      return;
    }
    subscriber.next(answer);
    subscriber.complete();
  }
}
