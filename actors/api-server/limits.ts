import { OBJECT_BYTES_MAX } from '../../contracts/store/limits.ts';

/** Limits of one api-server. Times in milliseconds, sizes in bytes. */
export interface Limits {
  /** Size of an object, as sent and as stored. */
  readonly objectBytes: number;
  /** Size of a page of a list, as JSON. */
  readonly pageBytes: number;
  readonly pageItems: number;
  /** Requests whose answer waits for the store or a node; others are rejected with 429. */
  readonly inFlight: number;
  /** Deadline of one request to the store. */
  readonly storeTimeoutMs: number;
  /** Deadline of one request to a kubelet. */
  readonly nodeTimeoutMs: number;
  /** Time after which no further attempt at a write begins. */
  readonly requestTimeoutMs: number;
  /** Retries after a conflict, for writes that may be retried. */
  readonly retries: number;
  /** Objects that one request may delete or apply. */
  readonly batch: number;
  readonly watchers: number;
  readonly watchSeconds: number;
  readonly bookmarkEveryMs: number;
  /** A bookmark is also sent after this many events. */
  readonly bookmarkEveryEvents: number;
  /** Unacknowledged events after which a watch ends with 410. */
  readonly unacknowledged: number;
  /** Unanswered bookmarks after which a watch ends. */
  readonly missedBookmarks: number;
  /** Initial objects that a watch may send. */
  readonly initialEvents: number;
}

export const LIMITS: Limits = {
  objectBytes: OBJECT_BYTES_MAX,
  pageBytes: 512 * 1024,
  pageItems: 500,
  inFlight: 5_000,
  storeTimeoutMs: 10_000,
  nodeTimeoutMs: 15_000,
  requestTimeoutMs: 30_000,
  retries: 5,
  batch: 5_000,
  watchers: 2_000,
  watchSeconds: 3_600,
  bookmarkEveryMs: 5_000,
  bookmarkEveryEvents: 250,
  unacknowledged: 1_000,
  missedBookmarks: 3,
  initialEvents: 20_000,
};
