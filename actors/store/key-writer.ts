import type { NatsConnection } from 'nats';
import { failure, StatusError, statusError } from '../../contracts/errors/status.ts';
import { keySubject, streamOf } from '../../contracts/store/buckets.ts';
import { type Key, parseKey } from '../../contracts/store/keys.ts';
import { STORE_HEADER } from '../../contracts/store/stored-headers.ts';
import { failureOf, type RetryingRequests } from './retrying-requests.ts';
import { readMessage, type StoredMessage } from './stored-message.ts';

/** A write to one key. */
export interface KeyWrite {
  readonly key: Key;
  /** What is stored; empty for a deletion. */
  readonly payload: string;
  /** Revision that the key must have now; 0: it must not exist; `undefined`: any. */
  readonly expect: number | undefined;
  readonly requestId: string;
  /** How long the deletion marker stays; absent: as long as the bucket keeps messages. */
  readonly markerTtlMs?: number;
  /** The object that the write replaces, as JSON in ASCII, for watchers. */
  readonly before?: string;
}

/** Writes keys of one bucket by compare-and-set. A write that is repeated after a lost answer is recognised. */
export class KeyWriter {
  readonly #connection: NatsConnection;
  readonly #requests: RetryingRequests;
  readonly #bucket: string;
  readonly #deadlineMs: number;
  readonly #mayWrite: (() => void) | undefined;
  readonly #seen: (() => number) | undefined;
  readonly counts = { writes: 0, conflicts: 0, recognised: 0 };

  constructor(options: {
    readonly connection: NatsConnection;
    readonly requests: RetryingRequests;
    readonly bucket: string;
    readonly deadlineMs: number;
    /** Called before every attempt; throws a StatusError when nothing may be written, another error to retry later. */
    readonly mayWrite?: () => void;
    /** Newest revision of the bucket known to this process: everything up to it was stored before the write began. */
    readonly seen?: () => number;
  }) {
    this.#connection = options.connection;
    this.#requests = options.requests;
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
        const ack = await this.#requests.request<{ readonly seq: number }>(act, this.#deadlineMs, () => {
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
      const found = await this.#requests.call(act, this.#deadlineMs, (timeoutMs) =>
        this.#firstAfter(write, expect ?? 0, timeoutMs),
      );
      if (found.own !== undefined) {
        this.counts.recognised++;
        return found.own;
      }
      // A key does not exist if it was never written, or if its last message is a deletion marker: then expect that one.
      const absent = write.expect === 0 && (found.first === undefined || found.marker !== undefined);
      if (absent && (found.marker ?? 0) !== expect) {
        // An attempt whose answer was lost may have been stored and deleted since: the object must not reappear.
        if (sent > 1 && (found.marker ?? 0) > seen) throw undecided(write);
        expect = found.marker ?? 0;
        continue;
      }
      this.counts.conflicts++;
      throw conflict(write, found.first);
    }
  }

  /**
   * Compare-and-set succeeds only for the first write after the expected revision. So if this write was stored, it is the
   * key's first message after that revision, even if there were other writes since.
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

/** The header block in wire form. Its headers make the server do the compare-and-set and the deletion. */
function headersOf({ payload, requestId, markerTtlMs, before }: KeyWrite, expect: number | undefined): Uint8Array {
  let text = `NATS/1.0\r\n${STORE_HEADER.request}: ${requestId}\r\n`;
  if (expect !== undefined) text += `${STORE_HEADER.expect}: ${expect}\r\n`;
  if (before !== undefined) text += `${STORE_HEADER.before}: ${before}\r\n`;
  if (payload === '') text += `${STORE_HEADER.operation}: PURGE\r\n${STORE_HEADER.rollup}: sub\r\n`;
  if (payload === '' && markerTtlMs !== undefined) text += `${STORE_HEADER.ttl}: ${Math.ceil(markerTtlMs / 1000)}s\r\n`;
  return Buffer.from(`${text}\r\n`, 'utf8');
}

/** A Timeout although the store answers: it is not known any more whether the write was stored. */
export class Undecided extends StatusError {}

function undecided({ key }: KeyWrite): Undecided {
  const finding =
    "the store's answer was lost and the key was deleted meanwhile; the object may have been created before that";
  return new Undecided(failure('Timeout', `write ${key}: ${finding}: read the key before you repeat the request`));
}

function conflict({ key, payload, expect }: KeyWrite, found: StoredMessage | undefined): StatusError {
  const { resource, name } = parseKey(key) ?? { resource: '', name: key };
  const details = { name, kind: resource };
  if (expect === 0) {
    return statusError(
      'AlreadyExists',
      `create ${resource} "${name}": the object already exists; update it, or use another name`,
      details,
    );
  }
  const is =
    found?.deleted === true ? 'the object was deleted meanwhile' : `the object was changed since revision ${expect}`;
  const act = payload === '' ? 'delete' : 'update';
  return statusError('Conflict', `${act} ${resource} "${name}": ${is}; read it again and repeat the change`, details);
}
