import { jetstream } from '@nats-io/jetstream';
import { errors, type Msg, type NatsConnection } from 'nats';
import { statusCodeOf } from './nats-arrived-message.ts';
import { guarded } from './nats-guarded-callback.ts';
import { rawHeaders } from './nats-headers.ts';
import { newInbox } from './nats-inbox.ts';

/** A message that needs an answer. */
export interface NatsRequest {
  readonly subject: string;
  readonly body?: Uint8Array | string | undefined;
  /** The header block in its wire form. */
  readonly headers?: Uint8Array;
}

interface Open {
  readonly resolve: (message: Msg) => void;
  readonly reject: (error: Error) => void;
  readonly subject: string;
  readonly deadline: number;
}

/** Precision of deadlines, in milliseconds. */
const SWEEP_MS = 50;

/**
 * A cheaper replacement for the client's `request`, for the requests behind each read and write. All requests share one inbox
 * and one timer; the client makes a timer, an error with its stack and five promises for each.
 */
export class NatsRequests {
  readonly #connection: NatsConnection;
  readonly #open = new Map<string, Open>();
  readonly #inboxPrefix: string | undefined;
  #inbox = '';
  #serial = 0;
  #sweeping = false;

  /** @param inboxPrefix prefix of reply inboxes that this user may subscribe to; default: that of the connection */
  constructor(connection: NatsConnection, inboxPrefix?: string) {
    this.#connection = connection;
    this.#inboxPrefix = inboxPrefix;
  }

  /** @throws the client's errors: NoRespondersError, TimeoutError, PermissionViolationError, ClosedConnectionError and those of `publish` */
  ask({ subject, body, headers }: NatsRequest, timeoutMs: number): Promise<Msg> {
    return new Promise<Msg>((resolve, reject) => {
      if (this.#inbox === '') this.#listen();
      const serial = (++this.#serial).toString(36);
      const reply = this.#inbox + serial;
      this.#connection.publish(
        subject,
        body,
        headers === undefined ? { reply } : { reply, headers: rawHeaders(headers) },
      );
      this.#open.set(serial, { resolve, reject, subject, deadline: performance.now() + timeoutMs });
      if (!this.#sweeping) this.#sweepIn(Math.min(SWEEP_MS, timeoutMs));
    });
  }

  /** Rejects all open requests. */
  fail(error: Error): void {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const { reject } of open) reject(error);
  }

  /** Rejects requests at once that this user may not send, and all requests when the connection closes. */
  async #follow(): Promise<void> {
    for await (const status of this.#connection.status()) if (status.type === 'error') this.#refused(status.error);
    this.fail(new errors.ClosedConnectionError());
  }

  #refused(error: Error): void {
    if (!(error instanceof errors.PermissionViolationError) || error.operation !== 'publish') return;
    for (const [serial, { reject, subject }] of this.#open) {
      if (subject !== error.subject) continue;
      this.#open.delete(serial);
      reject(error);
    }
  }

  #listen(): void {
    void this.#follow();
    // The inbox prefix that this user may subscribe to is found only in these options.
    this.#inbox = `${newInbox(this.#inboxPrefix ?? jetstream(this.#connection).getOptions().watcherPrefix)}.`;
    this.#connection.subscribe(`${this.#inbox}*`, {
      callback: guarded(
        (error, message) => (error === null ? this.#answered(message) : this.fail(error)),
        (failure, { subject }) => this.#open.get(this.#serialOf(subject))?.reject(failure),
      ),
    });
  }

  #answered(message: Msg): void {
    const serial = this.#serialOf(message.subject);
    const open = this.#open.get(serial);
    if (open === undefined) return; // late or duplicate
    if (message.data.length === 0 && statusCodeOf(message) === 503) {
      open.reject(new errors.NoRespondersError(open.subject));
    } else open.resolve(message);
    this.#open.delete(serial);
  }

  #serialOf(subject: string): string {
    return subject.slice(this.#inbox.length);
  }

  #sweepIn(ms: number): void {
    this.#sweeping = true;
    setTimeout(() => this.#sweep(), ms);
  }

  #sweep(): void {
    this.#sweeping = false;
    const now = performance.now();
    for (const [serial, { reject, deadline }] of this.#open) {
      if (deadline > now) continue;
      this.#open.delete(serial);
      reject(new errors.TimeoutError());
    }
    if (this.#open.size > 0) this.#sweepIn(SWEEP_MS);
  }
}
