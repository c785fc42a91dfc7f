import type { Subscriber } from 'rxjs';
import type { AskId, Said } from '../contract.ts';
import { type AskResult, answerOf } from './answers.ts';

interface OpenAsk {
  readonly said: Said;
  readonly timeoutMs: number;
  /** Cleared with the answer: the old table of a `Map` that has grown keeps its entries alive until the next major collection. */
  subscriber: Subscriber<unknown> | undefined;
}

/** The asks of one actor that have no answer yet. */
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
    this.#take(id);
  }
  clear(): void {
    this.#open.clear();
  }

  /** Passes the answer to the subscriber of the ask; an answer to an unsubscribed ask is dropped. */
  settle(id: AskId, result: AskResult): void {
    const ask = this.#open.get(id);
    const subscriber = this.#take(id);
    if (ask === undefined || subscriber === undefined) return;
    const { said, timeoutMs } = ask;
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

  #take(id: AskId): Subscriber<unknown> | undefined {
    const ask = this.#open.get(id);
    if (ask === undefined) return undefined;
    this.#open.delete(id);
    const { subscriber } = ask;
    ask.subscriber = undefined;
    return subscriber;
  }
}
