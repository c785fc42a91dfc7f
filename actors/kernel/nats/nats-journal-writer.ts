import type { NatsConnection, Subscription } from 'nats';
import { HEADER } from '../../../contracts/headers.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { Bytes } from '../contract.ts';
import { ArrivedMessage } from './nats-arrived-message.ts';
import { guarded } from './nats-guarded-callback.ts';
import { rawHeaders } from './nats-headers.ts';

interface Waiting {
  readonly stored: () => void;
  readonly failed: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Publishes journal segments and learns when the stream has stored them. The journal stream acknowledges nothing
 * (`no_ack`): an acknowledgement goes to any reply subject that the sender chooses, so the key of a node would have the
 * server write into the store's buckets (ops/docs/decisions/0013). Instead the stream republishes the headers of what it
 * has stored on `journaled.<actor>.<instance>`, a subject that no sender chooses.
 */
export class JournalWriter {
  readonly #connection: NatsConnection;
  readonly #prefix: string;
  readonly #notices = new Map<string, Subscription>();
  readonly #waiting = new Map<string, Waiting>();
  /** Unique to this process: two processes may write under one instance name, one after the other. */
  readonly #writer = crypto.randomUUID().slice(0, 8);
  #sent = 0;

  constructor(connection: NatsConnection, prefix: string) {
    this.#connection = connection;
    this.#prefix = prefix;
  }

  /**
   * Sends one segment and waits until the stream has stored it.
   * @throws Error when there is no notice of it after `withinMs` milliseconds, when the connection refuses it, or by `fail`
   */
  write(place: { readonly actor: string; readonly instance: string }, bytes: Bytes, withinMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const id = `${this.#writer}.${(++this.#sent).toString(36)}`;
      this.#listen(SUBJECTS.journaled.subject(this.#prefix, place));
      const headers = rawHeaders(Buffer.from(`NATS/1.0\r\n${HEADER.id}: ${id}\r\n\r\n`));
      this.#connection.publish(SUBJECTS.journal.subject(this.#prefix, place), bytes, { headers });
      const silent = new Error(
        `the journal stream did not report within ${withinMs / 1000} s that it stored a segment`,
      );
      const timer = setTimeout(() => this.#settle(id)?.failed(silent), withinMs);
      this.#waiting.set(id, { stored: resolve, failed: reject, timer });
    });
  }

  /** Gives up on every segment that was sent so far. */
  fail(error: Error): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.failed(error);
  }

  #listen(subject: string): void {
    if (this.#notices.has(subject)) return;
    const notices = this.#connection.subscribe(subject, {
      callback: guarded(
        (error, message) => {
          if (error === null) this.#settle(new ArrivedMessage(message).headers?.named[HEADER.id] ?? '')?.stored();
          else this.#refused(subject, error);
        },
        () => undefined, // a message without readable headers is no notice of ours
      ),
    });
    this.#notices.set(subject, notices);
  }

  #refused(subject: string, error: Error): void {
    this.#notices.delete(subject);
    this.fail(error);
  }

  #settle(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined; // given up, or reported twice
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    return waiting;
  }
}
