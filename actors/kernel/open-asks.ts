import type { Subscriber } from 'rxjs';
import { decode, MSGPACK_TYPE } from '../../contracts/codec/codec.ts';
import { failure, isFailure, type Status } from '../../contracts/errors/status.ts';
import type { AskId, Bytes, Rec, Ref, Said } from './contract.ts';
import { recordBytes } from './record-bytes.ts';
import { Refused } from './refusal.ts';

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
  settle(id: AskId, result: Extract<Rec, { t: 'answer' }>['result']): void {
    const ask = this.#open.get(id);
    if (ask === undefined) return;
    this.#open.delete(id);
    const { said, timeoutMs, subscriber } = ask;
    const refuse = (status: Status): void => subscriber.error(new Refused(said.say, status));
    if (result === 'timeout') {
      refuse(failure('Timeout', `${said.say}: no answer on ${said.subject} within ${timeoutMs} ms`));
    } else if (isFailure(result)) refuse(result);
    else {
      let body: unknown;
      try {
        body = decode(recordBytes(result as Ref | Bytes), MSGPACK_TYPE);
      } catch (error) {
        subscriber.error(error);
        return;
      }
      if (isFailure(body)) refuse(body);
      else {
        subscriber.next(body);
        subscriber.complete();
      }
    }
  }
}
