import type { JetStreamManager, StreamState } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import type { StoreStats } from '../../contracts/messages/store.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';
import type { ClusterKey } from '../../contracts/store/sealed.ts';
import type { NatsCache } from '../kernel/nats/nats-cache.ts';
import { Checkpoints } from './checkpoints.ts';
import { checkpointDue } from './plan-checkpoint.ts';
import { dropOld, keptNow } from './retention.ts';
import type { RetryingRequests } from './retrying-requests.ts';
import { selfCheck } from './self-check.ts';

export interface MaintenanceOptions {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly requests: RetryingRequests;
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
/** With more missing revisions than this, their list is not requested. */
const HOLES_LISTED_MAX = 100_000;

type Counts = Pick<StoreStats, 'checked' | 'differing' | 'historyHoles' | 'historyLag' | 'checkpoint'>;

/** Periodic work of the store: checkpoints, retention, a check of the history mirror, and a check of the cache. */
export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #checkpoints: Checkpoints;
  #timer: NodeJS.Timeout | undefined;
  #takingCheckpoint = false;
  #running = false;
  /** The newest revision that is missing in the mirror, until a later checkpoint exists; 0 = none. */
  #lost = 0;
  /** When a checkpoint may be tried again after one that failed, by `performance.now()`. */
  #notBefore = 0;
  readonly counts: { -readonly [Name in keyof Counts]: Counts[Name] } = {
    checked: 0,
    differing: 0,
    historyHoles: 0,
    historyLag: 0,
    checkpoint: 0,
  };

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#checkpoints = new Checkpoints(options);
  }

  async start(): Promise<void> {
    this.counts.checkpoint = await this.#newest();
    this.#timer = setInterval(() => void this.#run(), this.#options.checkEveryMs ?? CHECK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Must be called after each write; takes a checkpoint when one is due. */
  written(revision: number): void {
    if (this.#takingCheckpoint || !this.#due(revision) || performance.now() < this.#notBefore) return;
    this.#takingCheckpoint = true;
    this.#checkpoint()
      .catch((error: unknown) => {
        this.#notBefore = performance.now() + RETRY_MS;
        this.#options.report('checkpoint', error);
      })
      .finally(() => {
        this.#takingCheckpoint = false;
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
    if (!this.#due(cache.revision)) return; // another api-server has taken one
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

  async #run(): Promise<void> {
    if (this.#running) return; // two runs at once could overwrite each other's `#lost`
    this.#running = true;
    try {
      await this.#checkMirror();
      await this.#checkSize();
      await this.#checkCache();
      await this.#checkpointAfterHole().catch((error: unknown) => this.#options.report('checkpoint', error)); // the next run tries again
      this.written(this.#options.cache.cache.revision); // retries a failed checkpoint even when nothing is written
    } catch (error) {
      this.#options.report('maintenance', error);
    } finally {
      this.#running = false;
    }
  }

  async #checkMirror(): Promise<void> {
    const name = bucketNames(this.#options.prefix).history;
    const info = await this.#options.manager.streams.info(name);
    const holes = info.state.num_deleted ?? 0;
    if (holes > this.counts.historyHoles) {
      const finding = `${name} lacks ${holes} revisions; a replay of that time is incomplete`;
      this.#options.report('history', new Error(finding));
      this.#lost = await this.#lastLost(name, info.state);
    }
    this.counts.historyHoles = holes;
    this.counts.historyLag = info.mirror?.lag ?? 0;
  }

  /** The newest revision that is missing in the mirror. */
  async #lastLost(name: string, { num_deleted: holes, last_seq: last }: StreamState): Promise<number> {
    if (holes > HOLES_LISTED_MAX) return last;
    const { state } = await this.#options.manager.streams.info(name, { deleted_details: true });
    return (state.deleted ?? []).reduce((newest, lost) => Math.max(newest, lost), 0);
  }

  /** Takes a checkpoint after the newest missing revision, if there is none: what follows can be replayed from there. */
  async #checkpointAfterHole(): Promise<void> {
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
    if (base === undefined) return; // another api-server is writing one; the next run checks again
    this.counts.checkpoint = Math.max(this.counts.checkpoint, base);
    await cache.reached(base, { timeoutMs: deadlineMs });
    this.#lost = 0;
    onHole?.(base);
  }

  /** Retention by age runs after each checkpoint; retention by size as soon as there is too much. */
  async #checkSize(): Promise<void> {
    const { keep, bytes } = await keptNow(this.#options);
    if (bytes > keep.maxBytes) await this.#dropOld();
  }

  async #checkCache(): Promise<void> {
    const { cache, connection, requests, prefix, deadlineMs } = this.#options;
    const bucket = bucketNames(prefix).objects;
    const check = { connection, requests, feed: cache, bucket, deadlineMs, random: Math.random };
    const { checked, differing } = await selfCheck(check, SAMPLE);
    this.counts.checked += checked.length;
    this.counts.differing += differing.length;
    if (differing.length > 0) {
      this.#options.report('self-check', new Error(`the cache differs from the store at ${differing.join(', ')}`));
    }
  }
}
