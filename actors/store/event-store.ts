import { randomUUID } from 'node:crypto';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import type { StorePorts } from '../../contracts/messages/store.ts';
import { keyOfSubject, keySubject, streamOf } from '../../contracts/store/buckets.ts';
import type { Key } from '../../contracts/store/keys.ts';
import { readStored } from '../../contracts/store/read-stored.ts';
import { token } from '../../contracts/subjects/token.ts';
import { withRevision } from '../kernel/view/cache.ts';
import { type DirectMessage, newestOfEach } from './direct-get-batch.ts';
import { encodeObject } from './encode-object.ts';
import { EventKeyPages, type EventKeys } from './event-key-pages.ts';
import type { KeyWriter } from './key-writer.ts';
import type { RetryingRequests } from './retrying-requests.ts';
import { readMessage } from './stored-message.ts';

/** Number of keys in one request. */
const KEYS_MAX = 500;

export interface EventStoreOptions {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly requests: RetryingRequests;
  readonly writer: KeyWriter;
  readonly bucket: string;
  readonly objectBytesMax: number;
  readonly deadlineMs: number;
}

/** Reads and writes Events: many and short-lived, in a bucket of their own that no cache holds. */
export class EventStore {
  readonly #options: EventStoreOptions;
  readonly #stream: string;
  readonly #keys = new EventKeyPages((pattern) => this.#readKeys(pattern));

  constructor(options: EventStoreOptions) {
    this.#options = options;
    this.#stream = streamOf(options.bucket);
  }

  async put({ key, object, expect, before }: StorePorts['putEvent'][0]): Promise<{ readonly revision: number }> {
    const payload = encodeObject(key, object, undefined, this.#options.objectBytesMax);
    const write = { key, payload, expect, requestId: randomUUID(), ...headerOf(before) };
    return { revision: await this.#options.writer.write(write) };
  }

  async purge({ key, before }: StorePorts['purgeEvent'][0]): Promise<{ readonly revision: number }> {
    const write = { key, payload: '', expect: undefined, requestId: randomUUID(), ...headerOf(before) };
    return { revision: await this.#options.writer.write(write) };
  }

  async get({ key }: StorePorts['getEvent'][0]): Promise<{ readonly object?: KubeObject }> {
    const { connection, requests, deadlineMs } = this.#options;
    const message = await requests.call(`read ${key}`, deadlineMs, (timeoutMs) =>
      readMessage(connection, this.#stream, { last_by_subj: keySubject(this.#options.bucket, key) }, timeoutMs),
    );
    const object = message === undefined ? undefined : decode(key, message);
    return object === undefined ? {} : { object };
  }

  async list({ namespace, after, limit }: StorePorts['listEvents'][0]): Promise<StorePorts['listEvents'][1]> {
    const pattern = `events.${namespace === undefined ? '*' : token(namespace)}.*`;
    const { keys, revision } = await this.#keys.after(pattern, after);
    const objects: KubeObject[] = [];
    let read = 0;
    // Some keys hold only a deletion marker, or expire meanwhile: then more are read.
    while (objects.length < limit && read < keys.length) {
      const some = keys.slice(read, read + Math.min(KEYS_MAX, limit - objects.length));
      objects.push(...(await this.#read(some)));
      read += some.length;
    }
    return { objects, more: read < keys.length, revision };
  }

  async #readKeys(pattern: string): Promise<EventKeys> {
    const { manager, requests, deadlineMs } = this.#options;
    const { state } = await requests.call('list events', deadlineMs, () =>
      manager.streams.info(this.#stream, { subjects_filter: keySubject(this.#options.bucket, pattern) }),
    );
    return {
      keys: Object.keys(state.subjects ?? {})
        .map(keyOfSubject)
        .sort(),
      revision: state.last_seq,
    };
  }

  async #read(keys: readonly Key[]): Promise<readonly KubeObject[]> {
    const { connection, manager, requests, deadlineMs } = this.#options;
    const { watcherPrefix } = manager.getOptions();
    const messages = await requests.call('list events', deadlineMs, (timeoutMs) =>
      newestOfEach(
        connection,
        this.#stream,
        keys.map((key) => keySubject(this.#options.bucket, key)),
        { inboxPrefix: watcherPrefix, timeoutMs },
      ),
    );
    return messages
      .toSorted((a, b) => (a.subject < b.subject ? -1 : 1))
      .flatMap((message) => decode(keyOfSubject(message.subject), message) ?? []);
  }
}

/** Size limit of the header; a larger previous object is left out. */
const BEFORE_BYTES_MAX = 8_192;

/** The object as a header value: one line of ASCII. */
function headerOf(before: KubeObject | undefined): { readonly before?: string } {
  if (before === undefined) return {};
  const text = JSON.stringify(before).replace(
    /[^\x20-\x7e]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return text.length > BEFORE_BYTES_MAX ? {} : { before: text };
}

/** @returns `undefined` for a deletion marker, and for data that is not an event of this key */
function decode(key: Key, { data, sequence }: Pick<DirectMessage, 'data' | 'sequence'>): KubeObject | undefined {
  const { object } = readStored(key, data);
  return object === undefined ? undefined : withRevision(object, sequence);
}
