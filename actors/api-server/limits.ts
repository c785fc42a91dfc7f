import { OBJECT_BYTES_MAX } from '../../contracts/store/limits.ts';

/** What one api-server takes upon itself. Times in milliseconds, sizes in bytes. */
export interface Limits {
  /** Largest object, as sent or as stored. */
  readonly objectBytes: number;
  /** Size of a page of a list, as JSON. */
  readonly pageBytes: number;
  readonly pageItems: number;
  /** Requests whose answer waits for the store or a node; more are refused with 429. */
  readonly inFlight: number;
  /** Deadline of one question to the store. */
  readonly storeTimeoutMs: number;
  /** Deadline of one question to a kubelet. */
  readonly nodeTimeoutMs: number;
  /** No further attempt at a write begins after this. */
  readonly requestTimeoutMs: number;
  /** Attempts after a conflict, of writes that may be tried again. */
  readonly retries: number;
  /** Objects that one request may delete or apply. */
  readonly batch: number;
  readonly watchers: number;
  readonly watchSeconds: number;
  readonly bookmarkEveryMs: number;
  /** A bookmark comes after this many events, however short the time. */
  readonly bookmarkEveryEvents: number;
  /** Events that a reader may leave unacknowledged before its watch ends with 410. */
  readonly unacknowledged: number;
  /** Bookmarks that a reader may leave unanswered before its watch ends. */
  readonly missedBookmarks: number;
  /** Objects with which a watch may begin. */
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
