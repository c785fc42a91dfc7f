import { type JetStreamClient, type JetStreamManager, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { statusError } from '../../contracts/errors/status.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';
import { MESSAGE_OVERHEAD_BYTES } from '../../contracts/store/limits.ts';
import { type ClusterKey, isSealed, unsealOrLeave } from '../../contracts/store/sealed.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { type Cache, type CacheEntry, withRevision } from '../kernel/view/cache.ts';
import { toStored } from './encode-object.ts';
import {
  CHECKPOINT_VERSION,
  type CheckpointEnd,
  type CheckpointName,
  END_TOKEN,
  parseChunk,
  parseEnd,
  planCheckpoints,
  planChunks,
} from './plan-checkpoint.ts';
import { failureOf, RetryingRequests } from './retrying-requests.ts';
import { readMessage, type StoredMessage } from './stored-message.ts';

/** All live objects at one revision. */
export interface Checkpoint {
  readonly revision: number;
  readonly entries: readonly CacheEntry[];
}

const CHUNK_BYTES_MAX = 1_048_576;
const CALL_MS = 10_000;

export interface CheckpointsOptions {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly prefix: string;
  /** Encrypts secrets when writing and decrypts them when reading; without it they stay sealed. */
  readonly clusterKey?: ClusterKey | undefined;
}

/** Reads and writes the checkpoints of a cluster. */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #client: JetStreamClient;
  readonly #requests: RetryingRequests;
  readonly #stream: string;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#client = jetstream(options.connection);
    this.#requests = new RetryingRequests(options.connection);
    this.#stream = bucketNames(options.prefix).checkpoints;
  }

  /** The checkpoints in the stream, by ascending revision; some may be incomplete. */
  async names(): Promise<readonly CheckpointName[]> {
    return (await this.#list()).names;
  }

  /**
   * Writes all objects of the cache at its revision. Of several writers at the same time one succeeds: each chunk expects
   * the previous chunk to be the last message of the stream.
   * @returns false when another process was writing a checkpoint
   * @throws the client library's errors
   */
  async write(cache: Cache): Promise<boolean> {
    const { revision } = cache;
    const snapshot = [...cache.entries()];
    let { last } = await this.#list();
    let chunks = 0;
    try {
      for (const text of planChunks(revision, this.#stored(snapshot), this.#chunkBytesMax())) {
        last = await this.#publish(revision, String(chunks++), text, last);
      }
      const end: CheckpointEnd = { v: CHECKPOINT_VERSION, revision, chunk: chunks, chunks, objects: snapshot.length };
      await this.#publish(revision, END_TOKEN, JSON.stringify(end), last);
      return true;
    } catch (error) {
      if (failureOf(error) === 'wrong-sequence') return false;
      throw error;
    }
  }

  /**
   * The newest complete checkpoint that is not newer than `revision`.
   * @throws StatusError InternalError when a chunk is missing or was written by a newer version
   */
  async read(revision: number): Promise<Checkpoint | undefined> {
    const name = (await this.names()).findLast((each) => each.whole && each.revision <= revision);
    if (name === undefined) return undefined;
    const text = await this.#text(name.revision, END_TOKEN);
    const end = this.#readable(name.revision, () => parseEnd(text));
    const entries: CacheEntry[] = [];
    for (let chunk = 0; chunk < end.chunks; chunk++) {
      const text = await this.#text(name.revision, String(chunk));
      for (const entry of this.#parse(text, name.revision)) entries.push(entry);
    }
    if (entries.length !== end.objects) {
      throw this.#unreadable(name.revision, `it has ${entries.length} objects instead of ${end.objects}`);
    }
    return { revision: name.revision, entries };
  }

  /** The last message of a checkpoint; its `storedAt` is when the checkpoint was taken. */
  async end(revision: number): Promise<StoredMessage | undefined> {
    return this.#message(revision, END_TOKEN);
  }

  /** Drops every checkpoint older than the one at `revision`. */
  async dropBefore(revision: number): Promise<void> {
    const first = (await this.#message(revision, '0')) ?? (await this.#message(revision, END_TOKEN));
    if (first !== undefined) await this.#options.manager.streams.purge(this.#stream, { seq: first.sequence });
  }

  async #list(): Promise<{ readonly names: readonly CheckpointName[]; readonly last: number }> {
    const info = await this.#requests.call(`read ${this.#stream}`, CALL_MS, () =>
      this.#options.manager.streams.info(this.#stream, { subjects_filter: '>' }),
    );
    return {
      names: planCheckpoints(this.#options.prefix, Object.keys(info.state.subjects ?? {})),
      last: info.state.last_seq,
    };
  }

  *#stored(snapshot: readonly CacheEntry[]): Generator<CacheEntry> {
    const { clusterKey } = this.#options;
    for (const { key, revision, object } of snapshot) {
      // A secret that could not be decrypted is written as it is stored.
      const keeps = clusterKey !== undefined && isSealed(object);
      yield { key, revision, object: keeps ? object : toStored(key, object, clusterKey) };
    }
  }

  #parse(text: string, revision: number): readonly CacheEntry[] {
    return this.#readable(revision, () => parseChunk(text)).entries.map((entry) => ({
      ...entry,
      object: withRevision(this.#unsealed(entry), entry.revision),
    }));
  }

  #readable<T>(revision: number, parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      throw error instanceof RangeError ? this.#unreadable(revision, error.message) : error;
    }
  }

  #unsealed({ key, object }: CacheEntry): CacheEntry['object'] {
    const { clusterKey } = this.#options;
    return clusterKey === undefined ? object : unsealOrLeave(key, object, clusterKey);
  }

  #subject(revision: number, chunk: string): string {
    return SUBJECTS.checkpoints.subject(this.#options.prefix, { revision: String(revision), chunk });
  }

  async #publish(revision: number, chunk: string, text: string, last: number): Promise<number> {
    const subject = this.#subject(revision, chunk);
    return (await this.#client.publish(subject, text, { timeout: CALL_MS, expect: { lastSequence: last } })).seq;
  }

  #message(revision: number, chunk: string): Promise<StoredMessage | undefined> {
    const query = { last_by_subj: this.#subject(revision, chunk) };
    return this.#requests.call(`read ${this.#stream}`, CALL_MS, (timeoutMs) =>
      readMessage(this.#options.connection, this.#stream, query, timeoutMs),
    );
  }

  async #text(revision: number, chunk: string): Promise<string> {
    const message = await this.#message(revision, chunk);
    if (message === undefined) throw this.#unreadable(revision, `chunk ${chunk} is missing`);
    return Buffer.from(message.data).toString('utf8');
  }

  #unreadable(revision: number, finding: string): Error {
    return statusError(
      'InternalError',
      `read checkpoint ${revision} of ${this.#stream}: ${finding}; use another revision`,
    );
  }

  #chunkBytesMax(): number {
    const limit = this.#options.connection.info?.max_payload ?? CHUNK_BYTES_MAX;
    return Math.min(CHUNK_BYTES_MAX, limit - MESSAGE_OVERHEAD_BYTES);
  }
}
