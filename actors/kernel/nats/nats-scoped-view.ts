import { errors, type Msg, type NatsConnection, type Subscription } from 'nats';
import { decode, encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { isFailure, StatusError } from '../../../contracts/errors/status.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import type { KubeList, ListDigestAnswer, ListOptions } from '../../../contracts/messages/api.ts';
import { bucketNames, streamOf } from '../../../contracts/store/buckets.ts';
import { type Key, keyOfObject } from '../../../contracts/store/keys.ts';
import {
  EMPTY_DIGEST,
  type ListDigest,
  sameDigest,
  withEntry,
  withoutEntry,
} from '../../../contracts/store/list-digest.ts';
import { readStored } from '../../../contracts/store/read-stored.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { token } from '../../../contracts/subjects/token.ts';
import { doubled } from '../../../contracts/time/doubling-delay.ts';
import type { Change } from '../contract.ts';
import { Cache, type CacheEntry, withRevision } from '../view/cache.ts';
import { ArrivedMessage } from './nats-arrived-message.ts';
import { guarded } from './nats-guarded-callback.ts';
import { NatsRequests } from './nats-requests.ts';

export interface ScopedViewOptions {
  readonly connection: NatsConnection;
  readonly prefix: string;
  /** The node's user. */
  readonly caller: string;
  /** Prefix of reply inboxes that this user may subscribe to. */
  readonly inboxPrefix: string;
  /** Must not be written to by any other code; default: a new one. */
  readonly cache?: Cache;
  readonly log: (line: string) => void;
  /** How often the view is compared with the api-server's, give or take a quarter; default five minutes. */
  readonly compareEveryMs?: number;
}

/** Called synchronously after the cache has moved. */
export interface ViewListener {
  readonly changed: (change: Change) => void;
  /** Everything was listed: at first, and after a gap. The changes are those from the state before, in the order of keys. */
  readonly relisted: (changes: readonly Change[]) => void;
}

const LIST_TIMEOUT_MS = 10_000;
const PAGE_ITEMS = 500;
const BACKOFF_MS = 250;
const BACKOFF_MS_MAX = 30_000;
const COMPARE_EVERY_MS = 300_000;
/** After a reconnection all nodes list again; each waits a random part of this. */
const SPREAD_MS = 1_000;
/** Deletions that are remembered, so that a key that is created again shows no gap. */
const GONE_MAX = 10_000;
/** States that are remembered, to compare with an api-server that is a little behind. */
const STATES_MAX = 256;

/** A republished change. */
interface Fed {
  readonly key: Key;
  readonly sequence: number;
  /** The key's sequence before; 0 = none. */
  readonly last: number;
  readonly data: Uint8Array;
}

interface Scope {
  readonly resource: string;
  readonly subscription: Subscription;
  /** Revision of the list that the view began with. */
  listedAt: number;
}

/**
 * A view of some resources without JetStream: a list from the api-server, and then the changes that the server republishes.
 * One per process, for all actors that it hosts: a change costs the broker one publish, and the api-server nothing. A gap, a
 * reconnection, a store that went back, or a digest that differs from the api-server's leads to a new list.
 */
export class ScopedView {
  readonly cache: Cache;
  readonly #options: ScopedViewOptions;
  readonly #requests: NatsRequests;
  readonly #stream: string;
  readonly #keyAt: number;
  readonly #listeners = new Set<ViewListener>();
  readonly #scopes = new Map<string, Scope>();
  readonly #gone = new Map<Key, number>();
  /** Resource -> its state after each of the latest changes, oldest first. */
  readonly #states = new Map<string, { readonly revision: number; readonly digest: ListDigest }[]>();
  /** Changes that arrive while a list is under way. */
  #held: Fed[] | undefined;
  #loading: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #wake: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly counts = { lists: 0, gaps: 0, differences: 0 };

  constructor(options: ScopedViewOptions) {
    this.#options = options;
    this.cache = options.cache ?? new Cache();
    this.#requests = new NatsRequests(options.connection, options.inboxPrefix);
    this.#stream = streamOf(bucketNames(options.prefix).objects);
    this.#keyAt = SUBJECTS.changes.pattern(options.prefix).indexOf('*');
    void this.#followConnection();
    this.#compareLater();
  }

  /** Resolves when the view has these resources. */
  async watch(resources: Iterable<string>): Promise<void> {
    const added = [...resources].filter((resource) => !this.#scopes.has(resource));
    for (const resource of added) this.#subscribe(resource);
    if (added.length > 0) this.#load();
    while (this.#loading !== undefined) await this.#loading;
  }

  /** @returns a function that ends it */
  listen(listener: ViewListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { subscription } of this.#scopes.values()) subscription.unsubscribe();
    this.#requests.fail(new errors.ClosedConnectionError());
    this.#wake?.();
  }

  #subscribe(resource: string): void {
    const { connection, prefix, log } = this.#options;
    const callback = guarded(
      (error, message) => {
        if (error === null) this.#hear(message);
        else log(`error: view of ${resource}: ${error.message}; give the node's user the permissions of this release`);
      },
      (failure) => log(`error: view of ${resource}: ${failure.message}`),
    );
    const subscription = connection.subscribe(SUBJECTS.changes.pattern(prefix, { resource }), { callback });
    this.#scopes.set(resource, { resource, subscription, listedAt: 0 });
  }

  /* Changes. */

  #hear(message: Msg): void {
    const { headers, data } = new ArrivedMessage(message, 'last');
    const named = headers?.named ?? {};
    if (named['Nats-Stream'] !== this.#stream || this.#closed) return;
    const fed: Fed = {
      key: message.subject.slice(this.#keyAt),
      sequence: Number(named['Nats-Sequence']),
      last: Number(named['Nats-Last-Sequence'] ?? 0),
      data,
    };
    if (this.#held !== undefined) this.#held.push(fed);
    else this.#apply(fed);
  }

  #apply(fed: Fed): void {
    const { cache } = this;
    const scope = this.#scopeOf(fed.key);
    if (scope === undefined || fed.sequence <= Math.max(scope.listedAt, this.#known(fed.key))) return;
    const missed = this.#missed(fed, scope);
    if (missed !== undefined) {
      this.counts.gaps += 1;
      this.#loadAgain(`${fed.key}: ${missed}`);
      return;
    }
    const object = this.#objectOf(fed);
    if (object === undefined) this.#remember(fed);
    const was = cache.revisionOf(fed.key);
    const change = cache.apply({ key: fed.key, revision: fed.sequence, object });
    const before = this.#states.get(scope.resource)?.at(-1)?.digest ?? EMPTY_DIGEST;
    const without = was === 0 ? before : withoutEntry(before, fed.key, was);
    this.#note(
      scope.resource,
      fed.sequence,
      object === undefined ? without : withEntry(without, fed.key, fed.sequence),
    );
    for (const listener of this.#listeners) listener.changed(change);
  }

  #known(key: Key): number {
    return this.cache.revisionOf(key) || (this.#gone.get(key) ?? 0);
  }

  /** Why a change before this one did not arrive; `undefined` = none is missing. */
  #missed({ key, sequence, last }: Fed, { listedAt }: Scope): string | undefined {
    const { cache } = this;
    if (sequence <= cache.revision) return `revision ${sequence} came after ${cache.revision}`;
    if (last === 0 && cache.revisionOf(key) === 0) return undefined; // new, or what was deleted has been forgotten
    const known = this.#known(key);
    const follows = last === known || (known === 0 && last <= listedAt);
    return follows ? undefined : `revision ${last} did not arrive`;
  }

  #objectOf({ key, sequence, data }: Fed): KubeObject | undefined {
    const { object } = readStored(key, data);
    return object === undefined ? undefined : withRevision(object, sequence);
  }

  #remember({ key, sequence }: Fed): void {
    this.#gone.delete(key);
    this.#gone.set(key, sequence);
    if (this.#gone.size > GONE_MAX) this.#gone.delete(this.#gone.keys().next().value ?? '');
  }

  #scopeOf(key: Key): Scope | undefined {
    const head = key.slice(0, key.indexOf('.'));
    for (const scope of this.#scopes.values()) if (token(scope.resource) === head) return scope;
    return undefined;
  }

  /* Lists. */

  #loadAgain(why: string): void {
    if (this.#closed) return;
    this.#options.log(`warning: view of ${[...this.#scopes.keys()].join(', ')}: ${why}; listing again`);
    this.#load();
  }

  #load(): void {
    this.#again = true;
    this.#held ??= [];
    this.#loading ??= this.#loadAll().finally(() => {
      this.#loading = undefined;
    });
  }

  async #loadAll(): Promise<void> {
    for (let attempt = 0; this.#again && !this.#closed; attempt++) {
      if (attempt > 0) await this.#pause(doubled(BACKOFF_MS, attempt - 1, BACKOFF_MS_MAX));
      try {
        this.#again = false;
        await this.#list();
        attempt = -1;
      } catch (error) {
        this.#again = true;
        if (attempt > 0 && !this.#closed)
          this.#options.log(`warning: view of ${[...this.#scopes.keys()].join(', ')}: ${(error as Error).message}`);
      }
    }
  }

  async #list(): Promise<void> {
    const { cache } = this;
    this.#held = [];
    await this.#options.connection.flush(); // from here on every change is heard
    const lists = await Promise.all(
      [...this.#scopes.values()].map(async (scope) => ({ scope, ...(await this.#listOne(scope.resource)) })),
    );
    if (this.#closed || this.#again) return;
    const held = this.#held;
    this.#held = undefined;
    const revision = Math.max(...lists.map((list) => list.revision));
    const entries = new Map<Key, CacheEntry>();
    for (const { scope, revision: listedAt, objects } of lists) {
      scope.listedAt = listedAt;
      for (const object of objects) {
        const key = keyOfObject(scope.resource, object);
        entries.set(key, { key, revision: Number(object.metadata?.resourceVersion), object });
      }
    }
    this.#gone.clear();
    for (const fed of held) if (fed.sequence <= revision) this.#merge(entries, fed);
    if (revision < cache.revision) cache.reset(); // the store went back: its revisions may be other writes
    const changes = cache.relist(entries.values(), revision);
    this.counts.lists += 1;
    this.#states.clear();
    for (const scope of this.#scopes.values()) {
      scope.listedAt = revision;
      this.#note(scope.resource, revision, this.#digest(scope.resource));
    }
    for (const listener of this.#listeners) listener.relisted(changes);
    for (const fed of held) this.#apply(fed);
  }

  /** A change between the lists of two resources. */
  #merge(entries: Map<Key, CacheEntry>, fed: Fed): void {
    const scope = this.#scopeOf(fed.key);
    if (scope === undefined || fed.sequence <= scope.listedAt) return;
    const object = this.#objectOf(fed);
    if (object === undefined) {
      entries.delete(fed.key);
      this.#remember(fed);
    } else entries.set(fed.key, { key: fed.key, revision: fed.sequence, object });
  }

  async #listOne(resource: string): Promise<{ readonly revision: number; readonly objects: readonly KubeObject[] }> {
    const objects: KubeObject[] = [];
    let page: KubeList | undefined;
    do {
      const from = page?.metadata.continue;
      page = await this.#ask<KubeList>(resource, {
        limit: PAGE_ITEMS,
        ...(from === undefined ? {} : { continue: from }),
      });
      objects.push(...page.items);
    } while (page.metadata.continue !== undefined && page.metadata.continue !== '');
    return { revision: Number(page.metadata.resourceVersion), objects };
  }

  async #ask<A>(resource: string, options: ListOptions): Promise<A> {
    const { prefix, caller } = this.#options;
    const subject = SUBJECTS.api.subject(prefix, { caller, verb: 'list', resource, namespace: '', name: '' });
    const message = await this.#requests.ask({ subject, body: encodeMsgpack(options) }, LIST_TIMEOUT_MS);
    const answer = decode(message.data) as A;
    if (isFailure(answer)) throw new StatusError(answer);
    return answer;
  }

  /* Comparison with the api-server. */

  #note(resource: string, revision: number, digest: ListDigest): void {
    const states = this.#states.get(resource) ?? [];
    states.push({ revision, digest });
    if (states.length > STATES_MAX) states.shift();
    this.#states.set(resource, states);
  }

  #digest(resource: string): ListDigest {
    const { cache } = this;
    return (cache.list(resource) as readonly KubeObject[]).reduce((digest, object) => {
      const key = keyOfObject(resource, object);
      return withEntry(digest, key, cache.revisionOf(key));
    }, EMPTY_DIGEST);
  }

  #compareLater(): void {
    const every = this.#options.compareEveryMs ?? COMPARE_EVERY_MS;
    this.#timer = setTimeout(
      () => {
        void this.#compareAll().finally(() => {
          if (!this.#closed) this.#compareLater();
        });
      },
      every * (0.75 + Math.random() / 2),
    );
    this.#timer.unref();
  }

  async #compareAll(): Promise<void> {
    for (const { resource } of this.#scopes.values()) {
      try {
        const answer = await this.#ask<ListDigestAnswer>(resource, { digest: true, resourceVersion: '0' });
        if (this.#loading !== undefined || this.#agrees(resource, answer)) continue;
        this.counts.differences += 1;
        this.#loadAgain(`${resource} differ from the api-server's (${answer.count} objects)`);
        return;
      } catch {
        // No answer: the next comparison will tell.
      }
    }
  }

  /** The api-server may be ahead of what has arrived here, or behind. */
  #agrees(resource: string, answer: ListDigestAnswer): boolean {
    const revision = Number(answer.metadata.resourceVersion);
    const state = this.#states.get(resource)?.findLast((one) => one.revision <= revision);
    return state === undefined || sameDigest(state.digest, answer);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms * (0.5 + Math.random() / 2));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #followConnection(): Promise<void> {
    for await (const { type } of this.#options.connection.status()) {
      if (this.#closed) return;
      if (type !== 'reconnect' || this.#scopes.size === 0) continue;
      this.#held ??= [];
      await this.#pause(SPREAD_MS);
      this.#loadAgain('the connection was lost');
    }
  }
}
