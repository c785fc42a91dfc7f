import type { Key } from '../../contracts/store/keys.ts';

/** The keys that existed, sorted. */
export interface EventKeys {
  readonly keys: readonly Key[];
  /** Revision of the bucket when they were read. */
  readonly revision: number;
}

/** Long enough to page through tens of thousands of events; a slower reader continues in a newer list. */
const KEEP_MS = 10_000;

/**
 * The keys of Events, page by page. The server can only return all keys that match a pattern, so the list that was read for
 * the first page is kept for those that follow.
 */
export class EventKeyPages {
  readonly #readKeys: (pattern: string) => Promise<EventKeys>;
  readonly #kept = new Map<string, { readonly list: EventKeys; readonly timer: NodeJS.Timeout }>();

  constructor(readKeys: (pattern: string) => Promise<EventKeys>) {
    this.#readKeys = readKeys;
  }

  /** @param after the last key of the previous page; absent = the first page */
  async after(pattern: string, after: Key | undefined): Promise<EventKeys> {
    const kept = after === undefined ? undefined : this.#kept.get(pattern)?.list;
    const { keys, revision } = kept ?? (await this.#read(pattern));
    return { keys: after === undefined ? keys : keys.slice(countUpTo(keys, after)), revision };
  }

  async #read(pattern: string): Promise<EventKeys> {
    const list = await this.#readKeys(pattern);
    clearTimeout(this.#kept.get(pattern)?.timer);
    const timer = setTimeout(() => this.#kept.delete(pattern), KEEP_MS).unref();
    this.#kept.set(pattern, { list, timer });
    return list;
  }
}

/** Number of these sorted keys that are less than or equal to `last`. */
export function countUpTo(keys: readonly Key[], last: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as Key) <= last) low = middle + 1;
    else high = middle;
  }
  return low;
}
