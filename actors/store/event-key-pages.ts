import type { Key } from '../../contracts/store/keys.ts';

/** The keys that there were, in order. */
export interface EventKeys {
  readonly keys: readonly Key[];
  /** Of the bucket, when they were asked for. */
  readonly revision: number;
}

/** Whoever pages through tens of thousands is done by then; who is slower reads on in newer ones. */
const KEEP_MS = 10_000;

/**
 * Keys of Events by the pattern that was asked for. The server tells all of them or none: pages would each pay for what all of them
 * hold, so those after the first read on in what that was told.
 */
export class EventKeyLists {
  readonly #ask: (pattern: string) => Promise<EventKeys>;
  readonly #kept = new Map<string, { readonly list: EventKeys; readonly timer: NodeJS.Timeout }>();

  constructor(ask: (pattern: string) => Promise<EventKeys>) {
    this.#ask = ask;
  }

  /** @param after the last key of the page before; absent = of a first page */
  async after(pattern: string, after: Key | undefined): Promise<EventKeys> {
    const kept = after === undefined ? undefined : this.#kept.get(pattern)?.list;
    const { keys, revision } = kept ?? (await this.#askAnew(pattern));
    return { keys: after === undefined ? keys : keys.slice(countUpTo(keys, after)), revision };
  }

  async #askAnew(pattern: string): Promise<EventKeys> {
    const list = await this.#ask(pattern);
    clearTimeout(this.#kept.get(pattern)?.timer);
    const timer = setTimeout(() => this.#kept.delete(pattern), KEEP_MS).unref();
    this.#kept.set(pattern, { list, timer });
    return list;
  }
}

/** How many of these sorted keys are not beyond that one. */
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
