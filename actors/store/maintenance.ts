import type { JetStreamManager, StreamState } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import type { StoreStats } from '../../contracts/messages/store.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';
import type { ClusterKey } from '../../contracts/store/sealed.ts';
import type { NatsCache } from '../kernel/nats/nats-cache.ts';
import { Checkpoints } from './checkpoints.ts';
import { checkpointDue } from './plan-checkpoint.ts';
import { dropOld, keptNow } from './retention.ts';
import type { Attempts } from './retrying-requests.ts';
import { selfCheck } from './self-check.ts';

export interface HousekeepingOptions {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly attempts: Attempts;
  readonly cache: NatsCache;
  readonly prefix: string;
  readonly clusterKey?: ClusterKey | undefined;
  readonly deadlineMs: number;
  readonly checkpointChangesMin?: number;
  readonly checkEveryMs?: number;
  readonly onHole?: (revision: number) => void;
  readonly report: (key: string, error: unknown) => void;
}

const CHECKPOINT_CHANGES_MIN = 10_000;
const CHECK_EVERY_MS = 60_000;
const SAMPLE = 8;
const RETRY_MS = 60_000;
/** Of more holes than this it is not asked where they are. */
const HOLES_LISTED_MAX = 100_000;

type Counts = Pick<StoreStats, 'checked' | 'differing' | 'historyHoles' | 'historyLag' | 'checkpoint'>;

/** What the store needs from time to time: checkpoints, a look after the mirror, a check of the cache. */
export class Housekeeping {
  readonly #options: HousekeepingOptions;
  readonly #checkpoints: Checkpoints;
  #timer: NodeJS.Timeout | undefined;
  #writing = false;
  #looking = false;
  /** The newest revision that the mirror misses, until there is a checkpoint after it; 0 = none. */
  #lost = 0;
  /** Until then no checkpoint is tried again after one that could not be written, by `performance.now()`. */
  #notBefore = 0;
  readonly counts: { -readonly [Name in keyof Counts]: Counts[Name] } = {
    checked: 0,
    differing: 0,
    historyHoles: 0,
    historyLag: 0,
    checkpoint: 0,
  };

  constructor(options: HousekeepingOptions) {
    this.#options = options;
    this.#checkpoints = new Checkpoints(options);
  }

  async start(): Promise<void> {
    this.counts.checkpoint = await this.#newest();
    this.#timer = setInterval(() => void this.#look(), this.#options.checkEveryMs ?? CHECK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The store has a new revision. */
  written(revision: number): void {
    if (this.#writing || !this.#due(revision) || performance.now() < this.#notBefore) return;
    this.#writing = true;
    this.#checkpoint()
      .catch((error: unknown) => {
        this.#notBefore = performance.now() + RETRY_MS;
        this.#options.report('checkpoint', error);
      })
      .finally(() => {
        this.#writing = false;
      });
  }

  #due(revision: number): boolean {
    const { cache, checkpointChangesMin = CHECKPOINT_CHANGES_MIN } = this.#options;
    return checkpointDue({
      revision,
      checkpoint: this.counts.checkpoint,
      objects: cache.cache.size,
      changesMin: checkpointChangesMin,
    });
  }

  async #checkpoint(): Promise<void> {
    const { cache } = this.#options.cache;
    this.counts.checkpoint = await this.#newest();
    if (!this.#due(cache.revision)) return; // another api-server was first
    const { revision } = cache;
    if (await this.#checkpoints.write(cache)) this.counts.checkpoint = revision;
    await this.#dropOld();
  }

  async #newest(): Promise<number> {
    return (await this.#checkpoints.names()).findLast((name) => name.whole)?.revision ?? 0;
  }

  #dropOld(): Promise<void> {
    return dropOld({ ...this.#options, checkpoints: this.#checkpoints });
  }

  async #look(): Promise<void> {
    if (this.#looking) return; // the one before found a hole, and may not forget a newer one with it
    this.#looking = true;
    try {
      await this.#lookAtMirror();
      await this.#lookAtSize();
      await this.#lookAtCache();
      await this.#mend().catch((error: unknown) => this.#options.report('checkpoint', error)); // again at the next look
      this.written(this.#options.cache.cache.revision); // a checkpoint that failed is tried again in a quiet store too
    } catch (error) {
      this.#options.report('housekeeping', error);
    } finally {
      this.#looking = false;
    }
  }

  async #lookAtMirror(): Promise<void> {
    const name = bucketNames(this.#options.prefix).history;
    const info = await this.#options.manager.streams.info(name);
    const holes = info.state.num_deleted ?? 0;
    if (holes > this.counts.historyHoles) {
      const finding = `${name} misses ${holes} revisions; replay of that time is incomplete`;
      this.#options.report('history', new Error(finding));
      this.#lost = await this.#lastLost(name, info.state);
    }
    this.counts.historyHoles = holes;
    this.counts.historyLag = info.mirror?.lag ?? 0;
  }

  /** The newest revision that the mirror misses. */
  async #lastLost(name: string, { num_deleted: holes, last_seq: last }: StreamState): Promise<number> {
    if (holes > HOLES_LISTED_MAX) return last;
    const { state } = await this.#options.manager.streams.info(name, { deleted_details: true });
    return (state.deleted ?? []).reduce((newest, lost) => Math.max(newest, lost), 0);
  }

  /** What came after a hole can be played from a checkpoint after it: whoever finds the hole takes one, if there is none. */
  async #mend(): Promise<void> {
    const lost = this.#lost;
    if (lost === 0) return;
    const { cache, deadlineMs, onHole } = this.#options;
    const after = async (): Promise<number | undefined> =>
      (await this.#checkpoints.names()).find(({ whole, revision }) => whole && revision >= lost)?.revision;
    let base = await after();
    if (base === undefined) {
      await cache.reached(lost, { timeoutMs: deadlineMs });
      await this.#checkpoints.write(cache.cache);
      base = await after();
    }
    if (base === undefined) return; // another one is writing it: at the next look
    this.counts.checkpoint = Math.max(this.counts.checkpoint, base);
    await cache.reached(base, { timeoutMs: deadlineMs });
    this.#lost = 0;
    onHole?.(base);
  }

  /** By age something is dropped whenever there is a new checkpoint; by size as soon as there is too much. */
  async #lookAtSize(): Promise<void> {
    const { keep, bytes } = await keptNow(this.#options);
    if (bytes > keep.maxBytes) await this.#dropOld();
  }

  async #lookAtCache(): Promise<void> {
    const { cache, connection, attempts, prefix, deadlineMs } = this.#options;
    const bucket = bucketNames(prefix).objects;
    const check = { connection, attempts, feed: cache, bucket, deadlineMs, random: Math.random };
    const { checked, differing } = await selfCheck(check, SAMPLE);
    this.counts.checked += checked.length;
    this.counts.differing += differing.length;
    if (differing.length > 0) {
      this.#options.report('self-check', new Error(`the cache differs from the store at ${differing.join(', ')}`));
    }
  }
}
