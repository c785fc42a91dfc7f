import { type JetStreamManager, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { statusError } from '../../contracts/errors/status.ts';
import type { StorePorts, StoreStats } from '../../contracts/messages/store.ts';
import { bucketNames, streamOf } from '../../contracts/store/buckets.ts';
import { MARKER_TTL_MS, MESSAGE_OVERHEAD_BYTES, OBJECT_BYTES_MAX } from '../../contracts/store/limits.ts';
import { type ClusterKey, isSealed } from '../../contracts/store/sealed.ts';
import { type DriverDefinition, defineDriver } from '../kernel/declare.ts';
import type { NatsCache } from '../kernel/nats/nats-cache.ts';
import { encodeObject } from './encode-object.ts';
import { EventStore } from './event-store.ts';
import { HistoryMirror } from './history-mirror.ts';
import { type KeyWrite, KeyWriter } from './key-writer.ts';
import { Maintenance } from './maintenance.ts';
import { RetryingRequests } from './retrying-requests.ts';
import { SharedRequest } from './shared-request.ts';
import { StoreHealth } from './store-health.ts';

export interface StoreDriverOptions {
  readonly connection: NatsConnection;
  /** The cluster's subject prefix. */
  readonly prefix: string;
  /** This process's cache of all objects. */
  readonly cache: NatsCache;
  /** Encrypts secret data; without it secrets can be neither read nor written. */
  readonly clusterKey?: ClusterKey;
  /** Deadline of one request to JetStream; default 8 s, less than the api-server waits. */
  readonly deadlineMs?: number;
  readonly markerTtlMs?: number;
  /** A checkpoint is taken after as many changes as there are live objects, but at least this many; default 10,000. */
  readonly checkpointChangesMin?: number;
  /** How often the mirror is checked and a sample of the cache compared with the store; default 60 s. */
  readonly checkEveryMs?: number;
  /**
   * Called when the history mirror lacks revisions before `revision`, at which there is a checkpoint and which the cache has
   * reached: a recording should not depend on history before it.
   */
  readonly onHole?: (revision: number) => void;
}

const DEADLINE_MS = 8_000;
/** How long a deletion waits until the mirror has copied what it removes. */
const MIRROR_WAIT_MS = 2_000;

type Handlers = { readonly [Op in keyof StorePorts]: (body: StorePorts[Op][0]) => Promise<StorePorts[Op][1]> };

/** The port through which objects are stored in JetStream. It only reads and writes; the api-server decides. */
export function storeDriver(options: StoreDriverOptions): DriverDefinition {
  return defineDriver({
    name: 'store',
    hears: {},
    says: {},
    config: { prefix: options.prefix },
    run: async (context) => {
      const store = await Store.open(options, (key, error) => context.report(key, error));
      return {
        handlers: {},
        ports: store.ports() as never,
        account: () => store.stats(),
        stop: async () => store.close(),
      };
    },
  });
}

class Store {
  readonly #options: StoreDriverOptions;
  readonly #feed: NatsCache;
  readonly #deadlineMs: number;
  readonly #objectBytesMax: number;
  readonly #requests: RetryingRequests;
  readonly #objects: KeyWriter;
  readonly #events: EventStore;
  readonly #maintenance: Maintenance;
  readonly #lastSequence: SharedRequest<number>;
  readonly #mirror: HistoryMirror;
  readonly #health = new StoreHealth();
  #freshReads = 0;
  #unmirrored = 0;

  private constructor(options: StoreDriverOptions, manager: JetStreamManager, report: Reporter) {
    const { connection, prefix, cache } = options;
    const names = bucketNames(prefix);
    const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    const requests = new RetryingRequests(connection);
    const limit = (connection.info?.max_payload ?? OBJECT_BYTES_MAX + MESSAGE_OVERHEAD_BYTES) - MESSAGE_OVERHEAD_BYTES;
    const base = { connection, requests, deadlineMs };
    this.#options = options;
    this.#feed = cache;
    this.#deadlineMs = deadlineMs;
    this.#objectBytesMax = Math.min(OBJECT_BYTES_MAX, limit);
    this.#requests = requests;
    this.#objects = new KeyWriter({
      ...base,
      bucket: names.objects,
      mayWrite: () => this.#mayWrite(),
      seen: () => this.#feed.seen,
    });
    this.#events = new EventStore({
      ...base,
      manager,
      writer: new KeyWriter({ ...base, bucket: names.events }),
      bucket: names.events,
      objectBytesMax: this.#objectBytesMax,
    });
    this.#mirror = new HistoryMirror({
      manager,
      requests,
      stream: names.history,
      waitMs: MIRROR_WAIT_MS,
      // A caller that shares a request may wait for two of them, and must still write before its client gives up.
      deadlineMs: deadlineMs / 2,
    });
    this.#maintenance = new Maintenance({ ...options, manager, requests, deadlineMs, report });
    this.#lastSequence = new SharedRequest(() => this.#readLastSequence(streamOf(names.objects)));
    requests.followConnection().catch((error: unknown) => report('connection', error));
  }

  /** @throws StatusError InternalError when there are sealed secrets that this process cannot read */
  static async open(options: StoreDriverOptions, report: Reporter): Promise<Store> {
    const sealed = options.cache.cache.list('secrets').find(isSealed);
    if (sealed !== undefined) {
      const name = `${sealed.metadata?.namespace}/${sealed.metadata?.name}`;
      throw statusError(
        'InternalError',
        `open the store: secret ${name} is sealed and this process cannot decrypt it; start it with the cluster's key`,
      );
    }
    const store = new Store(options, await jetstreamManager(options.connection, { checkAPI: false }), report);
    await store.#maintenance.start();
    return store;
  }

  close(): void {
    this.#maintenance.stop();
  }

  ports(): Handlers {
    const events = this.#events;
    return {
      put: async ({ key, object, expect, requestId }) => {
        const payload = encodeObject(key, object, this.#options.clusterKey, this.#objectBytesMax);
        return this.#health.track('write', this.#write({ key, payload, expect, requestId }));
      },
      purge: async ({ key, expect, requestId }) => {
        if (!(await this.#mirror.awaitCopied(expect))) this.#unmirrored++;
        const { markerTtlMs = MARKER_TTL_MS } = this.#options;
        return this.#health.track('write', this.#write({ key, payload: '', expect, requestId, markerTtlMs }));
      },
      fresh: () => this.#health.track('read', this.#fresh()),
      reached: async ({ revision }) => {
        await this.#feed.reached(revision, { timeoutMs: this.#deadlineMs });
        return { revision: this.#feed.cache.revision };
      },
      putEvent: (body) => this.#health.track('events', events.put(body)),
      purgeEvent: (body) => this.#health.track('events', events.purge(body)),
      getEvent: (body) => this.#health.track('events', events.get(body)),
      listEvents: (body) => this.#health.track('events', events.list(body)),
    };
  }

  async #write(write: KeyWrite): Promise<{ readonly revision: number }> {
    const revision = await this.#objects.write(write);
    this.#maintenance.written(revision);
    return { revision };
  }

  /** Rejects writes while the store went back in time, or while that is not known after a reconnect. */
  #mayWrite(): void {
    if (this.#feed.alarm !== undefined) throw statusError('ServiceUnavailable', this.#feed.alarm.message);
    if (!this.#feed.certain)
      throw new Error('the connection was lost, and it is not yet known whether the store is still the same');
  }

  /** The stream's leader answers, which is never behind what was acknowledged. */
  async #readLastSequence(stream: string): Promise<number> {
    const seenBefore = this.#feed.seen;
    const info = await this.#requests.request<Pick<StreamInfo, 'created' | 'state'>>(
      'read the last revision',
      this.#deadlineMs,
      () => ({ subject: `$JS.API.STREAM.INFO.${stream}` }),
    );
    this.#feed.note(info, seenBefore);
    return info.state.last_seq;
  }

  /** Resolves when the cache has everything that was acknowledged before this call. */
  async #fresh(): Promise<{ readonly revision: number }> {
    this.#freshReads++;
    if (this.#feed.isAhead) return { revision: this.#feed.cache.revision };
    const last = await this.#lastSequence.result();
    await this.#feed.reached(last, { timeoutMs: this.#deadlineMs });
    return { revision: last };
  }

  stats(): StoreStats {
    const alarm = this.#feed.alarm?.message ?? this.#feed.trouble ?? this.#health.alarm;
    return {
      ...this.#objects.counts,
      ...this.#maintenance.counts,
      retries: this.#requests.retries,
      freshQuestions: this.#lastSequence.sent,
      freshReads: this.#freshReads,
      unmirrored: this.#unmirrored,
      ...(alarm === undefined ? {} : { alarm }),
    };
  }
}

export type Reporter = (key: string, error: unknown) => void;
