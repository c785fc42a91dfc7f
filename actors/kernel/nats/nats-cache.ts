import { type JetStreamManager, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { type Status, statusError } from '../../../contracts/errors/status.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { keySubject, streamOf } from '../../../contracts/store/buckets.ts';
import { type Key, parseKey } from '../../../contracts/store/keys.ts';
import { MARKER_TTL_MS } from '../../../contracts/store/limits.ts';
import type { ObjectChanges } from '../../../contracts/store/object-changes.ts';
import { readStored } from '../../../contracts/store/read-stored.ts';
import { type ClusterKey, unsealOrLeave } from '../../../contracts/store/sealed.ts';
import { doubled } from '../../../contracts/time/doubling-delay.ts';
import type { Change } from '../contract.ts';
import { type Cache, type CacheEntry, withRevision } from '../view/cache.ts';
import { RevisionWaiters } from '../view/revision-waiters.ts';
import { ChangeFeed, republishesBeforeAcknowledging } from './nats-change-feed.ts';
import { findingOf } from './nats-error-text.ts';
import { type FedMessage, type Feed, type FeedOptions, OrderedFeed } from './nats-ordered-feed.ts';
import { RollbackDetector, type StreamState } from './nats-rollback-detector.ts';

export interface NatsCacheOptions {
  readonly connection: NatsConnection;
  /** Name of the objects bucket. */
  readonly bucket: string;
  /** Where its changes are republished; absent: a consumer delivers all of them. */
  readonly changes?: ObjectChanges;
  /** Must not be written to by any other code. */
  readonly cache: Cache;
  /** Absent: secrets stay sealed. */
  readonly clusterKey?: ClusterKey | undefined;
  /** How long deletions can be read; default one hour. */
  readonly markerTtlMs?: number;
  /**
   * Called synchronously, in stream order, after the cache has applied the changes. `relisted`: a batch in key order that
   * brings the cache to the store's state at once (the first batch, and after a gap that was too long to resume).
   */
  readonly onChanges: (changes: readonly Change[], relisted: boolean) => void;
  /** The store went back in time, so nothing may be written any more. Called once. */
  readonly onAlarm?: (status: Status) => void;
  /** A key could not be read, or the feed broke; the cache goes on. */
  readonly onReport?: (key: string, error: unknown) => void;
}

const CALL_MS = 2_000;
const BACKOFF_MS = 100;
const BACKOFF_MS_MAX = 10_000;
const CONTACT_EVERY_MS_MAX = 300_000;

/** Keeps a cache up to date with the objects bucket. One per thread, so that each change is decoded once. */
export class NatsCache {
  readonly cache: Cache;
  readonly #options: NatsCacheOptions;
  readonly #stream: string;
  readonly #keyAt: number;
  readonly #markerTtlMs: number;
  readonly #waiters = new RevisionWaiters();
  readonly #past: RollbackDetector;
  #manager!: JetStreamManager;
  #feed: Feed | undefined;
  /** Number of the newest attempt to open a feed; messages for an earlier attempt are ignored. */
  #attempt = 0;
  /** The store went back: its revisions may be other writes than those in the cache. */
  #isAnother = false;
  /** Collects live objects while everything is listed; absent at other times. */
  #loading: Map<Key, CacheEntry> | undefined;
  /** Sequence that the feed must reach to have caught up; absent once it has. */
  #target: number | undefined;
  #opening: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  #reopening: Promise<void> | undefined;
  /** A change was not republished: a consumer is used from now on, until this process ends. */
  #mistrusts = false;
  #connected = true;
  /** Latest time, by the server's clock, at which the cache was complete. */
  #contactAt = 0;
  #sealedError: unknown;
  #trouble: string | undefined;
  #closed = false;
  #wake: (() => void) | undefined;
  #contactTimer: NodeJS.Timeout | undefined;
  /** How often the feed was resumed, how often everything was listed anew, and how many messages could not be read. */
  readonly counts = { resumes: 0, relists: 0, unreadable: 0 };

  private constructor(options: NatsCacheOptions) {
    this.#options = options;
    this.cache = options.cache;
    this.#stream = streamOf(options.bucket);
    this.#past = new RollbackDetector(this.#stream, (alarm) => options.onAlarm?.(alarm));
    this.#keyAt = keySubject(options.bucket, '').length;
    this.#markerTtlMs = options.markerTtlMs ?? MARKER_TTL_MS;
  }

  /**
   * Opens the feed and waits until the cache has everything that the store had at the time of the call.
   * @throws StatusError InternalError when secrets were sealed with a different key; the client's errors when the bucket does
   * not exist
   */
  static async open(options: NatsCacheOptions): Promise<NatsCache> {
    const opened = new NatsCache(options);
    try {
      opened.#manager = await jetstreamManager(options.connection, { checkAPI: false, timeout: CALL_MS });
      await opened.#load(await opened.#info());
      if (opened.#sealedError !== undefined && options.clusterKey !== undefined) throw opened.#sealedError;
    } catch (error) {
      opened.close();
      throw error;
    }
    opened.#watchConnection();
    const every = Math.min(opened.#markerTtlMs / 8, CONTACT_EVERY_MS_MAX);
    opened.#contactTimer = setInterval(() => void opened.#makeContact(), every);
    opened.#contactTimer.unref();
    return opened;
  }

  /** Why nothing may be written: the store went back in time. */
  get alarm(): Status | undefined {
    return this.#past.alarm;
  }

  /** Why the feed cannot be opened again, and what to do about it. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Is the store certainly the one that the cache was read from? False from a lost connection until the feed has resumed. */
  get certain(): boolean {
    return this.#connected && this.#reopening === undefined;
  }

  /** Does the cache have every write whose acknowledgement any client can have received? If not, the stream has to be asked. */
  get isAhead(): boolean {
    return this.certain && this.#feed?.isAhead === true;
  }

  /** @throws StatusError Timeout when the cache does not reach `revision` in time */
  reached(revision: number, options: { readonly timeoutMs: number }): Promise<void> {
    if (this.cache.revision >= revision) return Promise.resolve();
    return this.#waiters.wait(revision, options.timeoutMs);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#contactTimer);
    this.#feed?.close();
    this.#wake?.();
    this.#opening?.reject(new Error('the cache was closed'));
    this.#waiters.fail(statusError('ServiceUnavailable', 'read the store: the cache was closed; try again'));
  }

  /** Newest sequence ever seen. */
  get seen(): number {
    return this.#past.seen;
  }

  /**
   * Checks the stream's state that another part of the process has requested.
   * @param seenBefore `seen` at the time of the request: messages that arrived meanwhile may be newer than the answer
   */
  note(info: StreamState, seenBefore: number): void {
    this.#past.note(info, seenBefore);
  }

  async #info(): Promise<StreamInfo> {
    return await this.#manager.streams.info(this.#stream);
  }

  /** Lists everything anew and reports the differences as one batch. */
  async #load(info: StreamInfo): Promise<void> {
    this.#loading = new Map();
    this.#past.begin(info);
    this.counts.relists++;
    await this.#open('last-per-subject', info);
  }

  async #open(from: 'last-per-subject' | number, info: StreamInfo): Promise<void> {
    const target = info.state.last_seq;
    const attempt = ++this.#attempt;
    this.#target = target;
    const caughtUp = new Promise<void>((resolve, reject) => {
      this.#opening = { resolve, reject };
    });
    try {
      await Promise.all([this.#openFeed(from, attempt, info), caughtUp]);
      if (this.#feed?.ended !== false) throw new Error(`the feed of ${this.#stream} broke as soon as it had caught up`);
    } catch (error) {
      this.#attempt++;
      this.#feed?.close();
      throw error;
    } finally {
      this.#opening = undefined;
    }
    this.#feed.caughtUp();
    this.#past.saw(target);
    this.#contactAt = Math.max(this.#contactAt, serverTime(info));
  }

  async #openFeed(from: 'last-per-subject' | number, attempt: number, info: StreamInfo): Promise<void> {
    const isNewest = () => attempt === this.#attempt && !this.#closed;
    const { connection, changes } = this.#options;
    const options: FeedOptions = {
      connection,
      manager: this.#manager,
      stream: this.#stream,
      subject: keySubject(this.#options.bucket, '>'),
      from,
      onMessage: (message) => {
        if (isNewest()) this.#hear(message);
      },
      onIdle: () => queueMicrotask(() => this.#checkDrained(this.#feed)),
      onBroken: (why) => {
        if (isNewest()) this.#broke(why);
      },
    };
    const feed: Feed =
      changes !== undefined && !this.#mistrusts && republishesBeforeAcknowledging(connection.info, info, changes)
        ? await ChangeFeed.open({
            ...options,
            changes,
            ask: () => this.#contact(),
            onRefused: (error) => this.#report('changes', error),
            onMissed: () => {
              this.#mistrusts = true;
            },
          })
        : await OrderedFeed.open(options);
    if (!isNewest()) {
      feed.close();
      return;
    }
    this.#feed = feed;
    this.#checkDrained(feed);
  }

  #broke(why: string): void {
    if (this.#opening === undefined) void this.#reopen(why);
    else this.#opening.reject(new Error(why));
  }

  #checkDrained(feed: Feed | undefined): void {
    const target = this.#target;
    if (target === undefined || feed === undefined) return;
    feed.drained().then(
      (drained) => {
        if (drained && this.#target === target) this.#arrive(target);
      },
      (error: unknown) => this.#report('drained', error),
    );
  }

  /** The feed has delivered everything up to `sequence`, possibly more. */
  #arrive(sequence: number): void {
    this.#target = undefined;
    if (this.#loading !== undefined) {
      const entries = this.#loading;
      this.#loading = undefined;
      const revision = Math.max(sequence, this.#past.heard);
      if (this.#isAnother) this.cache.reset();
      this.#isAnother = false;
      this.#notify(this.cache.relist(entries.values(), revision), true);
    } else this.cache.advance(sequence);
    this.#waiters.settle(this.cache.revision);
    this.#opening?.resolve();
  }

  #hear(message: FedMessage): void {
    const key = message.subject.slice(this.#keyAt);
    const object = this.#decode(key, message);
    this.#past.hear(message);
    if (this.#loading !== undefined) {
      if (object === undefined) this.#loading.delete(key);
      else if (object !== 'unreadable') this.#loading.set(key, { key, revision: message.sequence, object });
    } else {
      this.#contactAt = Math.max(this.#contactAt, message.storedAt);
      if (object === 'unreadable') this.cache.advance(message.sequence);
      else this.#notify([this.cache.apply({ key, revision: message.sequence, object })], false);
      this.#waiters.settle(this.cache.revision);
    }
    // A key that was rewritten after the target was read is delivered after the target; until then it would appear absent.
    if (this.#loading !== undefined && this.#feed?.listed !== true) return;
    if (this.#target !== undefined && message.sequence >= this.#target) this.#arrive(message.sequence);
  }

  /** @returns `undefined` for a deletion, and for a message that is no object of this key, which counts as absent */
  #decode(key: Key, { data, sequence }: FedMessage): KubeObject | undefined | 'unreadable' {
    try {
      const { object, foreign } = readStored(key, data);
      if (object !== undefined) return withRevision(this.#unseal(key, object), sequence);
      if (foreign !== undefined) {
        this.counts.unreadable++;
        this.#report(key, new Error(`revision ${sequence} counts as a deletion: ${foreign}`));
        if (parseKey(key) === undefined) return 'unreadable';
      }
      return undefined;
    } catch (error) {
      this.counts.unreadable++;
      this.#report(key, error);
      return 'unreadable';
    }
  }

  #unseal(key: Key, object: KubeObject): KubeObject {
    return unsealOrLeave(key, object, this.#options.clusterKey, (error) => {
      this.#sealedError ??= error;
      if (this.#options.clusterKey !== undefined) this.#report(key, error);
    });
  }

  #notify(changes: readonly Change[], relisted: boolean): void {
    try {
      this.#options.onChanges(changes, relisted);
    } catch (error) {
      this.#report('changes', error);
    }
  }

  #report(key: string, error: unknown): void {
    this.#options.onReport?.(key, error);
  }

  /** Goes on after a gap: from the last revision if no deletion can have expired meanwhile, else by listing everything. */
  #reopen(why: string): Promise<void> {
    this.#reopening ??= this.#tryToReopen(why).finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  async #tryToReopen(why: string): Promise<void> {
    this.#feed?.close();
    this.#feed = undefined;
    this.#report('feed', new Error(`the feed of ${this.#stream} broke: ${why}; opening it again`));
    for (let attempt = 0; !this.#closed && !this.#options.connection.isClosed(); attempt++) {
      if (attempt > 0) await this.#pause(attempt);
      if (!this.#connected) continue; // a request now would be lost, and waited for after the reconnection
      try {
        const seenBefore = this.#past.seen;
        await this.#goOn(await this.#info(), seenBefore);
        this.#trouble = undefined;
        return;
      } catch (error) {
        this.#trouble = `open the feed of ${this.#stream}: ${findingOf(error)}`;
        this.#report('feed', new Error(this.#trouble, { cause: error }));
      }
    }
  }

  async #goOn(info: StreamInfo, seenBefore: number): Promise<void> {
    const sameness = await this.#past.compare(info, seenBefore, this.#manager);
    const awayMs = serverTime(info) - this.#contactAt;
    this.#isAnother ||= sameness === 'another';
    if (sameness !== 'same' || this.#loading !== undefined || awayMs >= this.#markerTtlMs / 2) {
      await this.#load(info);
      return;
    }
    this.counts.resumes++;
    await this.#open(this.cache.revision + 1, info);
  }

  /** A quiet stream sends no messages that prove the cache complete, so the server is asked from time to time. */
  async #makeContact(): Promise<void> {
    if (this.#reopening !== undefined) return;
    try {
      await this.#contact();
    } catch (error) {
      this.#report('contact', error);
    }
  }

  async #contact(): Promise<StreamInfo> {
    const seenBefore = this.#past.seen;
    const info = await this.#info();
    if (this.#reopening !== undefined) return info; // `#goOn` checks the stream itself
    if (this.#past.note(info, seenBefore)) void this.#reopen('it is another store');
    else if (this.cache.revision >= info.state.last_seq) this.#contactAt = Math.max(this.#contactAt, serverTime(info));
    return info;
  }

  #pause(attempt: number): Promise<void> {
    const ms = doubled(BACKOFF_MS, attempt - 1, BACKOFF_MS_MAX) * (0.5 + Math.random() / 2);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #watchConnection(): void {
    const follow = async (): Promise<void> => {
      for await (const status of this.#options.connection.status()) {
        if (this.#closed) return;
        if (status.type === 'disconnect') this.#connected = false;
        if (status.type !== 'reconnect') continue;
        this.#connected = true;
        this.#wake?.();
        if (this.#opening === undefined) void this.#reopen('the connection was lost');
        else this.#opening.reject(new Error('the connection was lost'));
      }
    };
    follow().catch((error: unknown) => this.#report('connection', error));
  }
}

function serverTime(info: StreamInfo): number {
  return info.ts === undefined ? 0 : Date.parse(info.ts);
}
