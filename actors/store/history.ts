import { setTimeout as pause } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { statusError } from '../../contracts/errors/status.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { bucketNames, streamOf } from '../../contracts/store/buckets.ts';
import type { Key } from '../../contracts/store/keys.ts';
import { readStored } from '../../contracts/store/read-stored.ts';
import { type ClusterKey, unsealOrLeave } from '../../contracts/store/sealed.ts';
import { Cache, withRevision } from '../kernel/view/cache.ts';
import { Attempts } from './attempts.ts';
import { type Checkpoint, Checkpoints } from './checkpoints.ts';
import { type DirectMessage, type DirectQuery, directBatch } from './direct-batch.ts';

/** One change as the history has it. */
export interface HistoryEntry {
  readonly key: Key;
  readonly revision: number;
  /** When the server stored it; milliseconds since the epoch. */
  readonly at: number;
  /** Absent for a deletion. */
  readonly object?: KubeObject;
}

export interface HistoryOptions {
  readonly connection: NatsConnection;
  readonly prefix: string;
  /** Without it secrets stay sealed. */
  readonly clusterKey?: ClusterKey;
  /** Deadline of one question; default 10 s. */
  readonly timeoutMs?: number;
}

const BATCH = 500;
const MIRROR_LOOKS_EVERY_MS = 20;

/** What the cluster was: every change of every object, as far back as the journal goes. */
export class ObjectHistory {
  readonly #options: HistoryOptions;
  readonly #manager: JetStreamManager;
  readonly #checkpoints: Checkpoints;
  readonly #stream: string;
  readonly #keyAt: number;
  readonly #timeoutMs: number;
  readonly #attempts: Attempts;

  private constructor(options: HistoryOptions, manager: JetStreamManager) {
    const names = bucketNames(options.prefix);
    this.#options = options;
    this.#manager = manager;
    this.#checkpoints = new Checkpoints({ ...options, manager });
    this.#stream = names.history;
    this.#keyAt = `$KV.${names.objects}.`.length;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#attempts = new Attempts(options.connection);
  }

  static async open(options: HistoryOptions): Promise<ObjectHistory> {
    return new ObjectHistory(options, await jetstreamManager(options.connection, { checkAPI: false }));
  }

  /** The newest whole checkpoint that is not newer than `revision`. @throws StatusError InternalError */
  readCheckpoint(atOrBefore: number): Promise<Checkpoint | undefined> {
    return this.#checkpoints.read(atOrBefore);
  }

  /**
   * Every change after `from` up to and including `to`, in order.
   * @throws StatusError Expired when the history does not reach back that far; Timeout when the mirror does not get to `to`
   */
  async *changes(from: number, to: number): AsyncGenerator<HistoryEntry> {
    const end = await this.#reach(to);
    const { state } = await this.#info(this.#stream);
    if (from + 1 < state.first_seq && from < end) throw this.#expired(from + 1, state.first_seq);
    for (let next = from + 1; next <= end; ) {
      const messages = await this.#batch({ seq: next, batch: BATCH });
      for (const message of messages) {
        if (message.sequence > end) return;
        next = message.sequence + 1;
        yield this.#entry(message);
      }
      if (messages.length === 0) return; // what follows are holes
    }
  }

  /** All live objects at `revision`. @throws StatusError as `changes` */
  async viewAt(revision: number): Promise<Cache> {
    const cache = new Cache();
    const checkpoint = await this.readCheckpoint(revision);
    if (checkpoint !== undefined) cache.relist(checkpoint.entries, checkpoint.revision);
    for await (const { key, revision: at, object } of this.changes(checkpoint?.revision ?? 0, revision)) {
      cache.apply({ key, revision: at, object });
    }
    cache.advance(revision);
    return cache;
  }

  /** The store's revision at a moment (milliseconds since the epoch, by the server's clock). */
  async revisionAt(moment: number): Promise<number> {
    const { state } = await this.#info(this.#stream);
    const after = new Date(moment + 1).toISOString();
    const [first] = await this.#batch({ start_time: after, batch: 1 });
    return first === undefined ? state.last_seq : first.sequence - 1;
  }

  /** Waits until the mirror has copied `to`; revisions that do not exist yet are not waited for. @returns where to end */
  async #reach(to: number): Promise<number> {
    const bucket = streamOf(bucketNames(this.#options.prefix).objects);
    const end = Math.min(to, (await this.#info(bucket)).state.last_seq);
    const deadline = performance.now() + this.#timeoutMs;
    for (;;) {
      const { state } = await this.#info(this.#stream);
      if (state.last_seq >= end) return end;
      if (performance.now() > deadline) {
        const finding = `the mirror is at ${state.last_seq} after ${this.#timeoutMs} ms`;
        throw statusError('Timeout', `read the history up to ${end}: ${finding}; ask again`);
      }
      await pause(MIRROR_LOOKS_EVERY_MS);
    }
  }

  #info(stream: string): Promise<StreamInfo> {
    return this.#attempts.until(`read ${stream}`, this.#timeoutMs, () => this.#manager.streams.info(stream));
  }

  #batch(query: DirectQuery): Promise<readonly DirectMessage[]> {
    const inboxPrefix = this.#manager.getOptions().watcherPrefix;
    return this.#attempts.until(`read ${this.#stream}`, this.#timeoutMs, (timeoutMs) =>
      directBatch(this.#options.connection, this.#stream, query, { inboxPrefix, timeoutMs }),
    );
  }

  #entry(message: DirectMessage): HistoryEntry {
    const key = message.subject.slice(this.#keyAt);
    const { sequence: revision, storedAt: at } = message;
    const { object: stored } = readStored(key, message.data);
    if (stored === undefined) return { key, revision, at };
    const { clusterKey } = this.#options;
    const object = clusterKey === undefined ? stored : unsealOrLeave(key, stored, clusterKey);
    return { key, revision, at, object: withRevision(object, revision) };
  }

  #expired(from: number, first: number): Error {
    return statusError(
      'Expired',
      `read the history from revision ${from}: it is kept from ${first} on; ask for a later revision or moment`,
    );
  }
}
