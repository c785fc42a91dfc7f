import { statusError } from '../../../contracts/errors/status.ts';
import type { SessionChunk } from '../../../contracts/messages/sessions.ts';
import { ENDED_WELL } from './chunk-headers.ts';

export const CHUNK_BYTES = 64 * 1024;
/** A sender may be this far ahead of what its receiver has taken. */
export const WINDOW_BYTES = 256 * 1024;
/** A receiver reports what it has taken at least this often. */
const REPORT_BYTES = WINDOW_BYTES / 4;

const NOTHING = new Uint8Array(0);

/*
 * Positions on a channel count its bytes, and its end as one more: so a lost end shows as lost bytes do.
 */

/** The sending end of a channel. */
export class OutgoingChannel {
  /** Bytes sent. */
  bytes = 0;
  #ended = false;
  #taken = 0;
  #failure: Error | undefined;
  #wake = (): void => undefined;
  readonly #emit: (chunk: SessionChunk) => void;

  constructor(emit: (chunk: SessionChunk) => void) {
    this.#emit = emit;
  }

  get position(): number {
    return this.bytes + (this.#ended ? 1 : 0);
  }

  /** Its receiver has taken everything, the end included. */
  get isDone(): boolean {
    return this.#ended && this.#taken >= this.position;
  }

  /** Tells the receiver of the channel before there are bytes. */
  open(): void {
    this.#emit({ offset: 0, bytes: NOTHING });
  }

  /** Sends bytes as the receiver takes them; resolves when the last of them is sent. One call at a time. @throws Error of `fail` */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const room = WINDOW_BYTES - (this.bytes - this.#taken);
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return;
      if (room <= 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      const next = bytes.subarray(at, at + Math.min(room, CHUNK_BYTES));
      this.#emit({ offset: this.bytes, bytes: next });
      this.bytes += next.length;
      at += next.length;
    }
  }

  /** No more will be sent. @param word why, if the channel failed */
  end(word = ENDED_WELL): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#emit({ offset: this.bytes, bytes: NOTHING, end: word });
    this.#ended = true;
    this.#wake();
  }

  /** The receiver has taken this much. */
  taken(position: number): void {
    if (position <= this.#taken || position > this.position) return;
    this.#taken = position;
    this.#wake();
  }

  /** The session is over: writers are freed. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}

/** Where the bytes of a channel go. */
export interface Sink {
  /** The next bytes are given when this resolves. After a rejection the rest of the channel is taken and dropped. */
  write(bytes: Uint8Array): Promise<void> | void;
  /** @param word `ENDED_WELL`, or why the channel failed */
  end(word: string): void;
}

/** The receiving end of a channel. */
export class IncomingChannel {
  /** Bytes received. */
  bytes = 0;
  #ended = false;
  #taken = 0;
  #reported = 0;
  #broken = false;
  #tail: Promise<void> = Promise.resolve();
  readonly #name: string;
  readonly #sink: Sink;
  readonly #report: (taken: number) => void;

  /** @param report sends how much was taken */
  constructor(name: string, sink: Sink, report: (taken: number) => void) {
    this.#name = name;
    this.#sink = sink;
    this.#report = report;
  }

  get position(): number {
    return this.bytes + (this.#ended ? 1 : 0);
  }
  get taken(): number {
    return this.#taken;
  }
  /** Everything was taken, the end included. */
  get isDone(): boolean {
    return this.#ended && this.#taken === this.position;
  }
  /** Resolves when the sink has taken all that was received so far. */
  get drained(): Promise<void> {
    return this.#tail;
  }

  /** @throws StatusError when bytes are missing, or more come than the window allows */
  heard({ offset, bytes, end }: SessionChunk): void {
    if (this.#ended) return;
    if (offset !== this.bytes) throw lost(this.#name, this.bytes, offset);
    if (this.bytes + bytes.length - this.#taken > WINDOW_BYTES)
      throw statusError(
        'BadRequest',
        `session channel ${this.#name}: more than ${WINDOW_BYTES} bytes were sent ahead of what was taken`,
      );
    this.bytes += bytes.length;
    this.#ended = end !== undefined;
    this.#tail = this.#tail.then(() => this.#pass(bytes, end));
  }

  /** The sender has sent this much, and all of it should be here. @throws StatusError when some was lost */
  expect(sent: number): void {
    if (sent > this.position) throw lost(this.#name, this.position, sent);
  }

  async #pass(bytes: Uint8Array, end: string | undefined): Promise<void> {
    try {
      if (bytes.length > 0 && !this.#broken) await this.#sink.write(bytes);
    } catch {
      this.#broken = true;
    }
    this.#taken += bytes.length;
    if (end !== undefined) {
      this.#taken += 1;
      this.#sink.end(end);
    }
    if (end === undefined && this.#taken - this.#reported < REPORT_BYTES) return;
    this.#reported = this.#taken;
    this.#report(this.#taken);
  }
}

const lost = (name: string, have: number, sent: number): Error =>
  statusError(
    'ServiceUnavailable',
    `session channel ${name}: bytes ${have} to ${sent} were lost on the way, for the connection to NATS broke; start again`,
  );
