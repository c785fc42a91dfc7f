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
import { ChangeFeed, tellsBeforeAcknowledging } from './nats-change-feed.ts';
import { findingOf } from './nats-error-text.ts';
import { type FedMessage, type Feed, type FeedOptions, OrderedFeed } from './nats-ordered-feed.ts';
import { RollbackDetector, type StreamState } from './nats-rollback-detector.ts';

export interface NatsCacheOptions {
  readonly connection: NatsConnection;
  /** Name of the objects bucket. */
  readonly bucket: string;
  /** Where its changes are told of; without it a consumer brings them all. */
  readonly changes?: ObjectChanges;
  /** Is fed by this alone. */
  readonly cache: Cache;
  /** Without it, secrets stay sealed. */
  readonly clusterKey?: ClusterKey | undefined;
  /** How long deletions can be read; default one hour. */
  readonly markerTtlMs?: number;
  /**
   * Told synchronously, in stream order, after the cache has them. `relisted`: one batch in key order that brings the cache
   * to the store's state at once (the first one, and whenever the gap was too long to resume).
   */
  readonly onChanges: (changes: readonly Change[], relisted: boolean) => void;
  /** The store went back in time: nothing may be written any more. Told once. */
  readonly onAlarm?: (status: Status) => void;
  /** One key could not be read, or the feed broke; the cache goes on. */
  readonly onReport?: (key: string, error: unknown) => void;
}

const CALL_MS = 2_000;
const BACKOFF_MS = 100;
const BACKOFF_MS_MAX = 10_000;
const CONTACT_EVERY_MS_MAX = 300_000;

/** One feed of the objects bucket for a whole thread: each change is decoded once, into a shared cache. */
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
  /** The newest attempt to open a feed; a consumer that an earlier one made, however late, is not heard. */
  #attempt = 0;
  /** The store went back: its revisions may be other messages than those that the cache has. */
  #isAnother = false;
  /** Gathers live objects until the first state is complete; absent from then on. */
  #loading: Map<Key, CacheEntry> | undefined;
  /** Sequence at which the feed has caught up; absent when it has. */
  #target: number | undefined;
  #opening: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  #reopening: Promise<void> | undefined;
  /** Not all changes were told of: a consumer brings them, until this process ends. */
  #mistrusts = false;
  #connected = true;
  /** Latest moment, by the server's clock, at which nothing was missing here. */
  #contactAt = 0;
  #sealedError: unknown;
  #trouble: string | undefined;
  #closed = false;
  #wake: (() => void) | undefined;
  #contactTimer: NodeJS.Timeout | undefined;
  /** How often the feed was opened anew, and how often that meant to list everything. */
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
   * Opens the feed and waits until the cache has everything that the store had when this was called.
   * @throws StatusError InternalError when secrets were sealed with another key; the client's errors when there is no such bucket
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

  /** Is it certain that the store is still the one that this was fed from? Not after a lost connection, until the feed goes on. */
  get certain(): boolean {
    return this.#connected && this.#reopening === undefined;
  }

  /** Does the cache have everything that anybody can know to be acknowledged? Else the stream has to be asked. */
  get isAhead(): boolean {
    return this.certain && this.#feed?.isAhead === true;
  }

  /** @throws StatusError Timeout when the cache did not come to `revision` in time */
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
    this.#waiters.fail(statusError('ServiceUnavailable', 'read the store: the cache was closed; ask again'));
  }

  /** Newest sequence ever seen. */
  get seen(): number {
    return this.#past.seen;
  }

  /**
   * Takes note of what the store said of itself when somebody asked it.
   * @param seenBefore `seen` when the question was asked: what came in while it was under way may be newer than its answer
   */
  note(info: StreamState, seenBefore: number): void {
    this.#past.note(info, seenBefore);
  }

  async #info(): Promise<StreamInfo> {
    return await this.#manager.streams.info(this.#stream);
  }

  /** Lists everything anew and hands over what differs, as one batch. */
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
      changes !== undefined && !this.#mistrusts && tellsBeforeAcknowledging(connection.info, info, changes)
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

  /** The feed has delivered everything up to `sequence`, and perhaps more. */
  #arrive(sequence: number): void {
    this.#target = undefined;
    if (this.#loading !== undefined) {
      const entries = this.#loading;
      this.#loading = undefined;
      const revision = Math.max(sequence, this.#past.heard);
      if (this.#isAnother) this.cache.reset();
      this.#isAnother = false;
      this.#tell(this.cache.relist(entries.values(), revision), true);
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
      else this.#tell([this.cache.apply({ key, revision: message.sequence, object })], false);
      this.#waiters.settle(this.cache.revision);
    }
    // A key that was written anew since the target was taken comes after it, and until then it would seem to be absent.
    if (this.#loading !== undefined && this.#feed?.listed !== true) return;
    if (this.#target !== undefined && message.sequence >= this.#target) this.#arrive(message.sequence);
  }

  /** @returns `undefined` for a deletion, and for what is no object of this key: it is as good as absent */
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

  #tell(changes: readonly Change[], relisted: boolean): void {
    try {
      this.#options.onChanges(changes, relisted);
    } catch (error) {
      this.#report('changes', error);
    }
  }

  #report(key: string, error: unknown): void {
    this.#options.onReport?.(key, error);
  }

  /** Goes on after a gap: from where it was when no deletion can have been forgotten meanwhile, else from a new list. */
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
      if (!this.#connected) continue; // what is asked now goes nowhere, and its answer would be waited for when it is back
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

  /** On a quiet stream no message tells that nothing was missed, so the server is asked now and then. */
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
    if (this.#reopening !== undefined) return info; // is looking itself
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
