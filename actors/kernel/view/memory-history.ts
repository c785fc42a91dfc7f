import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import type { Key } from '../../../contracts/store/keys.ts';
import type { CacheEntry, Write } from './cache.ts';

/** Revisions from the first to the last, both included. */
export interface Revisions {
  readonly first: number;
  readonly last: number;
}

/** The store's past: every write, in order. */
export interface History {
  /** Live objects as of a revision. */
  stateAt(revision: number): Iterable<CacheEntry>;
  /** Writes and deletions with `from < revision <= to`, oldest first. */
  writes(from: number, to: number): Iterable<Write>;
  /**
   * The first gap in the history up to `to`; `undefined` when there is none.
   * @param from look only at revisions after it; default: all that `stateAt(to)` needs
   */
  missing?(to: number, from?: number): Revisions | undefined;
}

/** All live objects at one revision. */
export interface Base {
  readonly revision: number;
  readonly entries: readonly CacheEntry[];
}

/** A history in memory, made from all writes in order of revision. */
export class MemoryHistory implements History {
  readonly all: readonly Write[];
  readonly bases: readonly Base[];
  readonly holes: readonly Revisions[];

  /**
   * @param known.bases all live objects before the first write and after each hole, by ascending revision
   * @param known.holes revisions whose writes are lost
   */
  constructor(
    writes: readonly Write[],
    known: { readonly bases?: readonly Base[]; readonly holes?: readonly Revisions[] } = {},
  ) {
    this.all = writes;
    this.bases = known.bases ?? [];
    this.holes = known.holes ?? [];
  }

  stateAt(revision: number): Iterable<CacheEntry> {
    const base = this.#baseOf(revision);
    const live = new Map<Key, CacheEntry>(base?.entries.map((entry) => [entry.key, entry]));
    for (const write of this.writes(base?.revision ?? 0, revision)) {
      if (write.object === undefined) live.delete(write.key);
      else live.set(write.key, { key: write.key, revision: write.revision, object: write.object as KubeObject });
    }
    return live.values();
  }

  *writes(from: number, to: number): Iterable<Write> {
    let low = 0;
    let high = this.all.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.all[middle]?.revision ?? 0) <= from) low = middle + 1;
      else high = middle;
    }
    for (let at = low; at < this.all.length; at++) {
      const write = this.all[at] as Write;
      if (write.revision > to) return;
      yield write;
    }
  }

  missing(to: number, from = this.#baseOf(to)?.revision ?? 0): Revisions | undefined {
    return this.holes.find(({ first, last }) => last > from && first <= to);
  }

  #baseOf(revision: number): Base | undefined {
    return this.bases.findLast((base) => base.revision <= revision);
  }
}
