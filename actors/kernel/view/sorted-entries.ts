interface Sortable {
  readonly key: string;
  readonly gone: boolean;
}

/**
 * Entries in key order, sorted only on `all()`: writes are frequent, lists are rare, and a list costs O(length) anyway.
 */
export class SortedEntries<E extends Sortable> {
  #sorted: readonly E[] = [];
  #added: E[] = [];
  #removed = 0;

  add(entry: E): void {
    this.#added.push(entry);
  }

  /** An entry has been marked as `gone`. */
  remove(): void {
    this.#removed++;
  }

  all(): readonly E[] {
    if (this.#added.length === 0 && this.#removed === 0) return this.#sorted;
    const old = this.#removed === 0 ? this.#sorted : this.#sorted.filter((entry) => !entry.gone);
    const added = this.#added.filter((entry) => !entry.gone).sort((a, b) => (a.key < b.key ? -1 : 1));
    this.#sorted = merge(old, added);
    this.#added = [];
    this.#removed = 0;
    return this.#sorted;
  }
}

function merge<E extends Sortable>(left: readonly E[], right: readonly E[]): readonly E[] {
  if (left.length === 0) return right;
  const merged: E[] = [];
  let at = 0;
  for (const entry of right) {
    const end = lowerBound(left, entry.key, at);
    for (; at < end; at++) merged.push(left[at] as E);
    merged.push(entry);
  }
  for (; at < left.length; at++) merged.push(left[at] as E);
  return merged;
}

/** Index of the first entry at or after `from` whose key is >= `key`. */
function lowerBound(entries: readonly Sortable[], key: string, from: number): number {
  let low = from;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle] as Sortable).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
