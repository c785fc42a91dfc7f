import { type JetStreamManager, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { statusError } from '../../contracts/errors/status.ts';
import type { StorePorts, StoreStats } from '../../contracts/messages/store.ts';
import { bucketNames, streamOf } from '../../contracts/store/buckets.ts';
import { MARKER_TTL_MS, MESSAGE_OVERHEAD_BYTES, OBJECT_BYTES_MAX } from '../../contracts/store/limits.ts';
import { type ClusterKey, isSealed } from '../../contracts/store/sealed.ts';
import { type DriverDefinition, defineDriver } from '../kernel/declare.ts';
import type { NatsCache } from '../kernel/nats/nats-cache.ts';
import { MirrorGate } from './await-mirror.ts';
import { encodeObject } from './encode-object.ts';
import { EventStore } from './event-store.ts';
import { type KeyWrite, KeyWriter } from './key-writer.ts';
import { Housekeeping } from './maintenance.ts';
import { Attempts } from './retrying-requests.ts';
import { SharedQuestion } from './shared-request.ts';
import { Trouble } from './store-health.ts';

export interface StoreDriverOptions {
  readonly connection: NatsConnection;
  /** The cluster's subject prefix. */
  readonly prefix: string;
  /** This process's feed of the objects. */
  readonly cache: NatsCache;
  /** Seals secret data; without it secrets can be neither read nor written. */
  readonly clusterKey?: ClusterKey;
  /** Deadline of one question to the store; default 8 s, less than what the api-server waits. */
  readonly deadlineMs?: number;
  readonly markerTtlMs?: number;
  /** A checkpoint is taken after as many changes as there are live objects, but at least this many; default 10,000. */
  readonly checkpointChangesMin?: number;
  /** How often a sample of the cache is compared with the store and the mirror is looked after; default 60 s. */
  readonly checkEveryMs?: number;
  /**
   * The mirror has lost something before that revision, at which there is a checkpoint and to which the cache has come: who
   * is recorded should not look back to before it.
   */
  readonly onHole?: (revision: number) => void;
}

const DEADLINE_MS = 8_000;
/** How long a deletion waits for the mirror to have what it removes. */
const MIRROR_WAIT_MS = 2_000;

type Handlers = { readonly [Op in keyof StorePorts]: (body: StorePorts[Op][0]) => Promise<StorePorts[Op][1]> };

/** The port behind which the objects are stored. It decides nothing: what to write, and whether, is the api-server's. */
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
  readonly #attempts: Attempts;
  readonly #objects: KeyWriter;
  readonly #events: EventStore;
  readonly #housekeeping: Housekeeping;
  readonly #lastSequence: SharedQuestion<number>;
  readonly #mirror: MirrorGate;
  readonly #trouble = new Trouble();
  #freshReads = 0;
  #unmirrored = 0;

  private constructor(options: StoreDriverOptions, manager: JetStreamManager, report: Reporter) {
    const { connection, prefix, cache } = options;
    const names = bucketNames(prefix);
    const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    const attempts = new Attempts(connection);
    const limit = (connection.info?.max_payload ?? OBJECT_BYTES_MAX + MESSAGE_OVERHEAD_BYTES) - MESSAGE_OVERHEAD_BYTES;
    const base = { connection, attempts, deadlineMs };
    this.#options = options;
    this.#feed = cache;
    this.#deadlineMs = deadlineMs;
    this.#objectBytesMax = Math.min(OBJECT_BYTES_MAX, limit);
    this.#attempts = attempts;
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
    this.#mirror = new MirrorGate({
      manager,
      attempts,
      stream: names.history,
      waitMs: MIRROR_WAIT_MS,
      // Who waits behind another's question waits twice as long, and then still has to write before its asker gives up.
      deadlineMs: deadlineMs / 2,
    });
    this.#housekeeping = new Housekeeping({ ...options, manager, attempts, deadlineMs, report });
    // The stream's leader answers, who is never behind what was acknowledged.
    const question = { subject: `$JS.API.STREAM.INFO.${streamOf(names.objects)}` };
    this.#lastSequence = new SharedQuestion(async () => {
      const seenBefore = this.#feed.seen;
      const info = await attempts.ask<Pick<StreamInfo, 'created' | 'state'>>(
        'ask for the last revision',
        deadlineMs,
        () => question,
      );
      this.#feed.note(info, seenBefore);
      return info.state.last_seq;
    });
    attempts.follow().catch((error: unknown) => report('connection', error));
  }

  /** @throws StatusError InternalError when there are sealed secrets that this process cannot read */
  static async open(options: StoreDriverOptions, report: Reporter): Promise<Store> {
    const sealed = options.cache.cache.list('secrets').find(isSealed);
    if (sealed !== undefined) {
      const name = `${sealed.metadata?.namespace}/${sealed.metadata?.name}`;
      throw statusError(
        'InternalError',
        `open the store: secret ${name} is sealed and this process has no key for it; start it with the cluster's key`,
      );
    }
    const store = new Store(options, await jetstreamManager(options.connection, { checkAPI: false }), report);
    await store.#housekeeping.start();
    return store;
  }

  close(): void {
    this.#housekeeping.stop();
  }

  ports(): Handlers {
    const events = this.#events;
    return {
      put: async ({ key, object, expect, requestId }) => {
        const payload = encodeObject(key, object, this.#options.clusterKey, this.#objectBytesMax);
        return this.#trouble.of('write', this.#write({ key, payload, expect, requestId }));
      },
      purge: async ({ key, expect, requestId }) => {
        if (!(await this.#mirror.passed(expect))) this.#unmirrored++;
        const { markerTtlMs = MARKER_TTL_MS } = this.#options;
        return this.#trouble.of('write', this.#write({ key, payload: '', expect, requestId, markerTtlMs }));
      },
      fresh: () => this.#trouble.of('read', this.#fresh()),
      reached: async ({ revision }) => {
        await this.#feed.reached(revision, { timeoutMs: this.#deadlineMs });
        return { revision: this.#feed.cache.revision };
      },
      putEvent: (body) => this.#trouble.of('events', events.put(body)),
      purgeEvent: (body) => this.#trouble.of('events', events.purge(body)),
      getEvent: (body) => this.#trouble.of('events', events.get(body)),
      listEvents: (body) => this.#trouble.of('events', events.list(body)),
    };
  }

  async #write(write: KeyWrite): Promise<{ readonly revision: number }> {
    const revision = await this.#objects.write(write);
    this.#housekeeping.written(revision);
    return { revision };
  }

  /** Nobody writes to a store that went back in time, nor while it is unknown whether it did. */
  #mayWrite(): void {
    if (this.#feed.alarm !== undefined) throw statusError('ServiceUnavailable', this.#feed.alarm.message);
    if (!this.#feed.certain) throw new Error('the connection was lost and the store is not known to be the same yet');
  }

  async #fresh(): Promise<{ readonly revision: number }> {
    this.#freshReads++;
    if (this.#feed.isAhead) return { revision: this.#feed.cache.revision };
    const last = await this.#lastSequence.answer();
    await this.#feed.reached(last, { timeoutMs: this.#deadlineMs });
    return { revision: last };
  }

  stats(): StoreStats {
    const alarm = this.#feed.alarm?.message ?? this.#feed.trouble ?? this.#trouble.now;
    return {
      ...this.#objects.counts,
      ...this.#housekeeping.counts,
      retries: this.#attempts.retries,
      freshQuestions: this.#lastSequence.asked,
      freshReads: this.#freshReads,
      unmirrored: this.#unmirrored,
      ...(alarm === undefined ? {} : { alarm }),
    };
  }
}

export type Reporter = (key: string, error: unknown) => void;
