import type { NatsConnection } from 'nats';
import { failure, StatusError, statusError } from '../../contracts/errors/status.ts';
import { keySubject, streamOf } from '../../contracts/store/buckets.ts';
import { type Key, parseKey } from '../../contracts/store/keys.ts';
import { STORE_HEADER } from '../../contracts/store/stored-headers.ts';
import { type Attempts, failureOf } from './attempts.ts';
import { readMessage, type StoredMessage } from './stored-message.ts';

/** A write to one key. */
export interface KeyWrite {
  readonly key: Key;
  /** What is stored; empty for a deletion. */
  readonly payload: string;
  /** Revision that the key must have now; 0: it must be absent; `undefined`: whatever it has. */
  readonly expect: number | undefined;
  readonly requestId: string;
  /** How long the marker of a deletion stays; absent: as long as the bucket keeps anything. */
  readonly markerTtlMs?: number;
  /** What the write replaces, as JSON in ASCII, for those who hear of it. */
  readonly before?: string;
}

/** Compare-and-set on the keys of one bucket, safe to repeat. */
export class KeyWriter {
  readonly #connection: NatsConnection;
  readonly #attempts: Attempts;
  readonly #bucket: string;
  readonly #deadlineMs: number;
  readonly #mayWrite: (() => void) | undefined;
  readonly #seen: (() => number) | undefined;
  readonly counts = { writes: 0, conflicts: 0, recognised: 0 };

  constructor(options: {
    readonly connection: NatsConnection;
    readonly attempts: Attempts;
    readonly bucket: string;
    readonly deadlineMs: number;
    /** Asked before every attempt; throws a StatusError when nothing may be written, another error for "not now". */
    readonly mayWrite?: () => void;
    /** Newest revision of the bucket that is known here: what is not newer was there before a write began. */
    readonly seen?: () => number;
  }) {
    this.#connection = options.connection;
    this.#attempts = options.attempts;
    this.#bucket = options.bucket;
    this.#deadlineMs = options.deadlineMs;
    this.#mayWrite = options.mayWrite;
    this.#seen = options.seen;
  }

  /**
   * @returns the revision of the write
   * @throws StatusError AlreadyExists, Conflict, Timeout, ServiceUnavailable, RequestEntityTooLarge
   */
  async write(write: KeyWrite): Promise<number> {
    this.counts.writes++;
    const act = write.payload === '' ? `delete ${write.key}` : `write ${write.key}`;
    const seen = this.#seen?.() ?? Number.POSITIVE_INFINITY;
    let expect = write.expect;
    for (;;) {
      let sent = 0;
      try {
        const ack = await this.#attempts.ask<{ readonly seq: number }>(act, this.#deadlineMs, () => {
          sent++;
          this.#mayWrite?.();
          return {
            subject: keySubject(this.#bucket, write.key),
            body: write.payload,
            headers: headersOf(write, expect),
          };
        });
        return ack.seq;
      } catch (error) {
        if (failureOf(error) !== 'wrong-sequence') throw error;
      }
      const found = await this.#attempts.until(act, this.#deadlineMs, (timeoutMs) =>
        this.#firstAfter(write, expect ?? 0, timeoutMs),
      );
      if (found.own !== undefined) {
        this.counts.recognised++;
        return found.own;
      }
      // Absent is absent, whether the key was never written or its marker lies there: then the marker is what to expect.
      const absent = write.expect === 0 && (found.first === undefined || found.marker !== undefined);
      if (absent && (found.marker ?? 0) !== expect) {
        // An attempt that got no answer may have been stored, and deleted by somebody since: it must not come back.
        if (sent > 1 && (found.marker ?? 0) > seen) throw undecided(write);
        expect = found.marker ?? 0;
        continue;
      }
      this.counts.conflicts++;
      throw conflict(write, found.first);
    }
  }

  /**
   * Compare-and-set succeeds only for the first write after what was expected; so if this write was stored, it is the first
   * message of its key after that, even when others wrote since.
   */
  async #firstAfter(
    write: KeyWrite,
    expect: number,
    timeoutMs: number,
  ): Promise<{ own?: number; marker?: number; first?: StoredMessage }> {
    const first = await this.#next(write.key, expect + 1, timeoutMs);
    if (first === undefined) return {};
    if (first.request === write.requestId) return { own: first.sequence, first };
    if (write.expect !== 0 || !first.deleted) return { first };
    const next = await this.#next(write.key, first.sequence + 1, timeoutMs);
    if (next === undefined) return { marker: first.sequence, first };
    return next.request === write.requestId ? { own: next.sequence, first: next } : { first: next };
  }

  #next(key: Key, from: number, timeoutMs: number): Promise<StoredMessage | undefined> {
    const query = { seq: from, next_by_subj: keySubject(this.#bucket, key) };
    return readMessage(this.#connection, streamOf(this.#bucket), query, timeoutMs);
  }
}

/** The header block of a write in its wire form. Compare-and-set and deletion are the server's, by these headers. */
function headersOf({ payload, requestId, markerTtlMs, before }: KeyWrite, expect: number | undefined): Uint8Array {
  let text = `NATS/1.0\r\n${STORE_HEADER.request}: ${requestId}\r\n`;
  if (expect !== undefined) text += `${STORE_HEADER.expect}: ${expect}\r\n`;
  if (before !== undefined) text += `${STORE_HEADER.before}: ${before}\r\n`;
  if (payload === '') text += `${STORE_HEADER.operation}: PURGE\r\n${STORE_HEADER.rollup}: sub\r\n`;
  if (payload === '' && markerTtlMs !== undefined) text += `${STORE_HEADER.ttl}: ${Math.ceil(markerTtlMs / 1000)}s\r\n`;
  return Buffer.from(`${text}\r\n`, 'utf8');
}

/** A Timeout though the store answers: whether a write that got no answer was stored, nothing tells any more. */
export class Undecided extends StatusError {}

function undecided({ key }: KeyWrite): Undecided {
  const finding =
    "the store's answer was lost, and the key was deleted meanwhile; it may have been created before that";
  return new Undecided(failure('Timeout', `write ${key}: ${finding}: read it before you repeat`));
}

function conflict({ key, payload, expect }: KeyWrite, found: StoredMessage | undefined): StatusError {
  const { resource, name } = parseKey(key) ?? { resource: '', name: key };
  const details = { name, kind: resource };
  if (expect === 0) {
    return statusError(
      'AlreadyExists',
      `create ${resource} "${name}": it already exists; update it, or use another name`,
      details,
    );
  }
  const is = found?.deleted === true ? 'it was deleted meanwhile' : `it is not what it was at revision ${expect}`;
  const act = payload === '' ? 'delete' : 'update';
  return statusError('Conflict', `${act} ${resource} "${name}": ${is}; read it again and repeat the change`, details);
}
