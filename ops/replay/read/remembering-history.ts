import type { CacheEntry, History, Revisions, Write } from '../../../actors/kernel/replay-api.ts';
import type { Key } from '../../../contracts/store/keys.ts';

/** Most states that are kept. Each is a map; the objects in it are shared. */
const STATES_MAX = 32;

interface State {
  readonly revision: number;
  readonly live: ReadonlyMap<Key, CacheEntry>;
}

/**
 * A history that caches the state of the store at the revisions asked for, and computes later states from them. Going back
 * and forth in a long recording would otherwise read it from its beginning each time.
 */
export class RememberingHistory implements History {
  readonly #history: History;
  /** By ascending revision. */
  #states: readonly State[] = [];

  constructor(history: History) {
    this.#history = history;
  }

  writes(from: number, to: number): Iterable<Write> {
    return this.#history.writes(from, to);
  }

  missing(to: number, from?: number): Revisions | undefined {
    return this.#history.missing?.(to, from);
  }

  stateAt(revision: number): Iterable<CacheEntry> {
    const at = this.#states.findLastIndex((state) => state.revision <= revision);
    const base = this.#states[at];
    if (base?.revision === revision) return base.live.values();
    const goesOn = base !== undefined && this.missing(revision, base.revision) === undefined;
    const live = goesOn ? this.#after(base, revision) : this.#fromHistory(revision);
    this.#states = [...this.#states.slice(0, at + 1), { revision, live }, ...this.#states.slice(at + 1)];
    if (this.#states.length > STATES_MAX) this.#states = this.#states.filter((_, which) => which % 2 === 0);
    return live.values();
  }

  #after({ revision: from, live: before }: State, revision: number): ReadonlyMap<Key, CacheEntry> {
    const live = new Map(before);
    for (const { key, revision: written, object } of this.#history.writes(from, revision)) {
      if (object === undefined) live.delete(key);
      else live.set(key, { key, revision: written, object });
    }
    return live;
  }

  #fromHistory(revision: number): ReadonlyMap<Key, CacheEntry> {
    const live = new Map<Key, CacheEntry>();
    for (const entry of this.#history.stateAt(revision)) live.set(entry.key, entry);
    return live;
  }
}
