import type { Subscriber } from 'rxjs';
import { canonicalJson } from '../../../contracts/hash/stable-hash.ts';
import type { AskId, LastingAsk, Millis, Said } from '../contract.ts';
import { hashOf } from '../journal/hash.ts';
import { type AskResult, answerOf } from './answers.ts';

interface OpenAsk {
  readonly said: Said;
  readonly timeoutMs: number;
  /** When it times out, at the latest. */
  readonly until: Millis;
  /** May a checkpoint be taken while it is open? */
  readonly lasts: boolean;
  /** Cleared with the answer: the old table of a `Map` that has grown keeps its entries alive until the next major collection. */
  subscriber: Subscriber<unknown> | undefined;
}

/** A request that was made before the last checkpoint, and that the resumed behaviour has not made again yet. */
interface Resumed extends LastingAsk {
  /** Its answer, if that came already. */
  result?: AskResult;
}

/** What identifies a request: two with the same subject and body are the same. */
const identityOf = ({ subject, body }: Said): string => hashOf(subject, canonicalJson(body ?? null));

/** The asks of one actor that have no answer yet. */
export class OpenAsks {
  readonly #open = new Map<AskId, OpenAsk>();
  /** Asks that may last; a checkpoint waits for the others. */
  #lasting = 0;
  #resumed = new Map<AskId, Resumed>();
  /** Requests of before the last checkpoint that the resumed behaviour has made again, and that have no answer yet. */
  readonly #joined = new Map<AskId, string>();

  get size(): number {
    return this.#open.size + this.#resumed.size;
  }
  /** Asks whose answers a resumed behaviour could not receive. */
  get short(): number {
    return this.#open.size - this.#lasting;
  }
  has(id: AskId): boolean {
    return this.#open.has(id) || this.#resumed.has(id);
  }
  add(id: AskId, ask: OpenAsk): void {
    this.#open.set(id, ask);
    if (ask.lasts) this.#lasting += 1;
  }
  drop(id: AskId): void {
    this.#take(id);
  }
  clear(): void {
    this.#open.clear();
    this.#resumed.clear();
    this.#joined.clear();
    this.#lasting = 0;
  }

  /** The asks that a checkpoint holds. Those whose answers nobody has wanted since the last checkpoint are given up. */
  lasting(now: Millis): readonly LastingAsk[] {
    const asks: LastingAsk[] = [];
    for (const { id, request, until, timeoutMs, result } of this.#resumed.values())
      if (result === undefined && until > now) asks.push({ id, request, until, timeoutMs });
    for (const [id, { said, until, timeoutMs, lasts }] of this.#open)
      if (lasts) asks.push({ id, request: identityOf(said), until, timeoutMs });
    return asks;
  }

  /** After the restart of the behaviour at a checkpoint: these asks are still open. */
  resume(asks: readonly LastingAsk[]): void {
    this.#resumed = new Map(asks.map((ask) => [ask.id, { ...ask }]));
  }

  /** Is this request open since before the last checkpoint? */
  isResumed(said: Said): boolean {
    if (this.#resumed.size + this.#joined.size === 0) return false;
    const request = identityOf(said);
    return [...this.#joined.values()].includes(request) || this.#find(request) !== undefined;
  }

  /**
   * The behaviour makes a request that may be open since before the last checkpoint. If it is, the subscriber gets that one's
   * answer, at once if it came already.
   * @returns the id of the ask; `undefined` when the request must be sent
   */
  join(said: Said, subscriber: Subscriber<unknown>): AskId | undefined {
    if (this.#resumed.size === 0) return undefined;
    const found = this.#find(identityOf(said));
    if (found === undefined) return undefined;
    const { id, request, until, timeoutMs, result } = found;
    this.#resumed.delete(id);
    this.#joined.set(id, request);
    this.add(id, { said, timeoutMs, until, lasts: true, subscriber });
    if (result !== undefined) this.settle(id, result);
    return id;
  }

  #find(request: string): Resumed | undefined {
    for (const ask of this.#resumed.values()) if (ask.request === request) return ask;
    return undefined;
  }

  /** Passes the answer to the subscriber of the ask; an answer to an unsubscribed ask is dropped. */
  settle(id: AskId, result: AskResult): void {
    const resumed = this.#resumed.get(id);
    if (resumed !== undefined) {
      if (result === 'timeout') this.#resumed.delete(id);
      else resumed.result = result;
      return;
    }
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
    this.#joined.delete(id);
    if (ask.lasts) this.#lasting -= 1;
    const { subscriber } = ask;
    ask.subscriber = undefined;
    return subscriber;
  }
}
