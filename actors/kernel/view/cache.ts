import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { type Key, parseKey } from '../../../contracts/store/keys.ts';
import type { Change, Stored, View } from '../contract.ts';
import { deepFreeze } from '../turns/freeze.ts';
import { RecentChanges, WINDOW_CHANGES_MAX } from './recent-changes.ts';
import { SortedEntries } from './sorted-entries.ts';
import { shareParts } from './structural-sharing.ts';

/** One live object and the revision of its last write. */
export interface CacheEntry {
  readonly key: Key;
  readonly revision: number;
  readonly object: KubeObject;
}
/** A write (`object` given) or a deletion. */
export interface Write {
  readonly key: Key;
  readonly revision: number;
  readonly object?: KubeObject | undefined;
}

interface Entry {
  readonly key: Key;
  readonly name: string;
  readonly space: Space;
  revision: number;
  object: KubeObject;
  gone: boolean;
}

/** The objects of one resource in one namespace. */
interface Space {
  readonly key: string;
  readonly namespace: string;
  readonly kind: Kind;
  readonly byName: Map<string, Entry>;
  readonly sorted: SortedEntries<Entry>;
  list: readonly KubeObject[] | undefined;
}
interface Kind {
  readonly spaces: Map<string, Space>;
  /** In key order. */
  order: readonly Space[] | undefined;
  list: readonly KubeObject[] | undefined;
}

const NOTHING: readonly KubeObject[] = [];

/** The object with its `metadata.resourceVersion`, which is never stored; the same object when it is already correct. */
export function withRevision(object: KubeObject, revision: number): KubeObject {
  const resourceVersion = String(revision);
  if (object.metadata?.resourceVersion === resourceVersion) return object;
  return { ...object, metadata: { ...object.metadata, resourceVersion } } as KubeObject;
}

/**
 * Every live object as of one revision. A plain data structure: its owner applies the writes.
 * Writes and `get` cost O(1). A list costs O(objects listed) after a change among them, and nothing until the next change.
 */
export class Cache implements View {
  readonly #freeze: boolean;
  readonly #entries = new Map<Key, Entry>();
  readonly #kinds = new Map<string, Kind>();
  readonly #recent: RecentChanges;
  #revision = 0;

  /**
   * @param options.freeze deep-freezes every object, so that a mutation by a behaviour throws (tests, simulation)
   * @param options.window how many changes `since` retains
   */
  constructor(options: { readonly freeze?: boolean; readonly window?: number } = {}) {
    this.#freeze = options.freeze ?? false;
    this.#recent = new RecentChanges(options.window ?? WINDOW_CHANGES_MAX);
  }

  get revision(): number {
    return this.#revision;
  }
  /** How many objects there are. */
  get size(): number {
    return this.#entries.size;
  }
  /** Oldest revision from which `since` answers. */
  get windowStart(): number {
    return this.#recent.start;
  }

  get<R extends string>(resource: R, namespace: string | undefined, name: string): Stored<R> | undefined {
    const space = this.#kinds.get(resource)?.spaces.get(namespace ?? '');
    return space?.byName.get(name)?.object as Stored<R> | undefined;
  }

  /** The object under a store key. */
  at(key: Key): KubeObject | undefined {
    return this.#entries.get(key)?.object;
  }

  revisionOf(key: Key): number {
    return this.#entries.get(key)?.revision ?? 0;
  }

  list<R extends string>(resource: R, namespace?: string): readonly Stored<R>[] {
    const kind = this.#kinds.get(resource);
    if (kind === undefined) return NOTHING as readonly Stored<R>[];
    if (namespace === undefined) return listKind(kind) as readonly Stored<R>[];
    const space = kind.spaces.get(namespace);
    return (space === undefined ? NOTHING : listSpace(space)) as readonly Stored<R>[];
  }

  resources(): readonly string[] {
    return [...this.#kinds].flatMap(([resource, kind]) => (kind.spaces.size > 0 ? [resource] : [])).sort();
  }

  since(revision: number): readonly Change[] | undefined {
    return this.#recent.since(revision);
  }

  /** Every live object, in no particular order. */
  *entries(): IterableIterator<CacheEntry> {
    for (const { key, revision, object } of this.#entries.values()) yield { key, revision, object };
  }

  /**
   * Applies one write or deletion. The cache owns the object from now on, and replaces its unchanged parts by those of the
   * previous version.
   * @throws RangeError when the revision is not newer than the cache's, or the key is not a store key
   */
  apply(write: Write): Change {
    if (write.revision <= this.#revision) {
      throw new RangeError(`apply ${write.key}: revision ${write.revision} is not newer than ${this.#revision}`);
    }
    const change = this.#set(write);
    this.#revision = write.revision;
    this.#recent.push(change);
    return change;
  }

  /** The stream has reached `revision` without a message for the cache. */
  advance(revision: number): void {
    if (revision > this.#revision) this.#revision = revision;
  }

  /**
   * Replaces everything by `entries`, the live objects at `revision`. From then on `since` only answers from `revision`.
   * @returns the differences, in key order; deletions among them have `revision` as theirs
   */
  relist(entries: Iterable<CacheEntry>, revision: number): readonly Change[] {
    const changes: Change[] = [];
    const listed = new Set<Key>();
    for (const entry of entries) {
      listed.add(entry.key);
      if (this.revisionOf(entry.key) !== entry.revision) changes.push(this.#set(entry));
    }
    for (const key of this.#entries.keys()) {
      if (!listed.has(key)) changes.push(this.#set({ key, revision }));
    }
    this.#revision = revision;
    this.#recent.restart(revision);
    return changes.sort(byKey);
  }

  /** Drops everything; the next change may have any revision. */
  reset(): void {
    this.#entries.clear();
    this.#kinds.clear();
    this.#revision = 0;
    this.#recent.restart(0);
  }

  #set({ key, revision, object }: Write): Change {
    const entry = this.#entries.get(key);
    const before = entry?.object;
    if (object === undefined) {
      if (entry !== undefined) this.#remove(entry);
      return before === undefined ? { key, revision } : { key, revision, before };
    }
    const after = shareParts(before, withRevision(object, revision));
    if (this.#freeze) deepFreeze(after);
    if (entry === undefined) {
      this.#insert(key, revision, after);
      return { key, revision, after };
    }
    entry.revision = revision;
    entry.object = after;
    forgetLists(entry.space);
    return { key, revision, before: before as KubeObject, after };
  }

  #insert(key: Key, revision: number, object: KubeObject): void {
    const parts = parseKey(key);
    if (parts === undefined) throw new RangeError(`apply ${key}: not a store key (<resource>.<namespace or _>.<name>)`);
    const space = this.#space(parts.resource, parts.namespace, key);
    const entry: Entry = { key, name: parts.name, space, revision, object, gone: false };
    this.#entries.set(key, entry);
    space.byName.set(parts.name, entry);
    space.sorted.add(entry);
    forgetLists(space);
  }

  #remove(entry: Entry): void {
    const { space } = entry;
    entry.gone = true;
    this.#entries.delete(entry.key);
    space.byName.delete(entry.name);
    space.sorted.remove();
    forgetLists(space);
    if (space.byName.size > 0) return;
    // An emptied namespace must cost nothing, however many come and go.
    space.kind.spaces.delete(space.namespace);
    space.kind.order = undefined;
  }

  #space(resource: string, namespace: string, key: Key): Space {
    let kind = this.#kinds.get(resource);
    if (kind === undefined) {
      kind = { spaces: new Map(), order: undefined, list: undefined };
      this.#kinds.set(resource, kind);
    }
    let space = kind.spaces.get(namespace);
    if (space === undefined) {
      const prefix = key.slice(0, key.lastIndexOf('.') + 1);
      space = { key: prefix, namespace, kind, byName: new Map(), sorted: new SortedEntries(), list: undefined };
      kind.spaces.set(namespace, space);
      kind.order = undefined;
    }
    return space;
  }
}

function forgetLists(space: Space): void {
  space.list = undefined;
  space.kind.list = undefined;
}

function listSpace(space: Space): readonly KubeObject[] {
  space.list ??= space.sorted.all().map((entry) => entry.object);
  return space.list;
}

/** All keys of a namespace are adjacent in key order, so the namespaces' lists can be concatenated. */
function listKind(kind: Kind): readonly KubeObject[] {
  kind.order ??= [...kind.spaces.values()].sort(byKey);
  kind.list ??=
    kind.order.length === 1 ? listSpace(kind.order[0] as Space) : NOTHING.concat(...kind.order.map(listSpace));
  return kind.list;
}

export const byKey = (a: { readonly key: string }, b: { readonly key: string }): number =>
  a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
