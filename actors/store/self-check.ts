import type { NatsConnection } from 'nats';
import { keyOfSubject, keySubject, streamOf } from '../../contracts/store/buckets.ts';
import type { Key } from '../../contracts/store/keys.ts';
import type { NatsCache } from '../kernel/nats/nats-cache.ts';
import type { RetryingRequests } from './retrying-requests.ts';
import { type MessageQuery, readMessage, type StoredMessage } from './stored-message.ts';

const COMPARISONS = 3;

export interface SelfCheckOptions {
  readonly connection: NatsConnection;
  readonly requests: RetryingRequests;
  readonly feed: NatsCache;
  readonly bucket: string;
  readonly deadlineMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * Compares a sample of the cache with the store, from both ends: keys of the cache, and keys of messages of the stream.
 * @param sample number of keys of each
 * @returns the keys that were compared, and those that still differ after the cache had time to catch up
 */
export async function selfCheck(
  options: SelfCheckOptions,
  sample: number,
): Promise<{ readonly checked: readonly Key[]; readonly differing: readonly Key[] }> {
  const { cache } = options.feed;
  const keys = new Set<Key>();
  if (cache.size > 0) {
    const picks = new Set(Array.from({ length: sample }, () => Math.floor(options.random() * cache.size)));
    let at = 0;
    for (const { key } of cache.entries()) if (picks.has(at++)) keys.add(key);
  }
  for (let count = 0; count < sample; count++) {
    const message = await read(options, { seq: 1 + Math.floor(options.random() * cache.revision) });
    if (message !== undefined) keys.add(keyOfSubject(message.subject));
  }
  const differing: Key[] = [];
  for (const key of keys) if (!(await same(options, key))) differing.push(key);
  return { checked: [...keys], differing };
}

/** A key that is being written differs for a moment; one that differs in every comparison is wrong. */
async function same(options: SelfCheckOptions, key: Key): Promise<boolean> {
  const { feed } = options;
  for (let comparison = 0; comparison < COMPARISONS; comparison++) {
    const message = await read(options, { last_by_subj: keySubject(options.bucket, key) });
    if (message !== undefined) await feed.reached(message.sequence, { timeoutMs: options.deadlineMs });
    const stored = message === undefined || message.deleted ? 0 : message.sequence;
    if (feed.cache.revisionOf(key) === stored) return true;
  }
  return false;
}

function read(options: SelfCheckOptions, query: MessageQuery): Promise<StoredMessage | undefined> {
  const { connection, requests, bucket, deadlineMs } = options;
  return requests.call('check the cache', deadlineMs, (timeoutMs) =>
    readMessage(connection, streamOf(bucket), query, timeoutMs),
  );
}
