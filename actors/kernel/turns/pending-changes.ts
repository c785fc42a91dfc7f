import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { EPOCHS, type Key, keyOfObject, parseKey } from '../../../contracts/store/keys.ts';
import type { Change, Changed } from '../contract.ts';
import type { HearDecl, WatchDecl } from '../declare.ts';
import type { Cache } from '../view/cache.ts';

type Hears = Readonly<Record<string, HearDecl>>;

const NONE: readonly WatchDecl[] = [];
/** A watch of this resource hears of every kind. */
export const EVERY_RESOURCE = '*';

const watchesOf = (hears: Hears): readonly WatchDecl[] =>
  Object.values(hears).filter((heard): heard is WatchDecl => heard.hear === 'watch');

/** The same watches, without conditions: every change needs a turn. */
export const everyChange = (hears: Hears): Hears =>
  Object.fromEntries(watchesOf(hears).map(({ hear, resource }, at) => [String(at), { hear, resource }]));

/** Resources that an actor watches; `all` for one that watches every kind. */
export function watchedResources(hears: Hears): ReadonlySet<string> | 'all' {
  const resources = new Set(watchesOf(hears).map(({ resource }) => resource));
  return resources.has(EVERY_RESOURCE) ? 'all' : resources;
}

/**
 * The changes since an actor's last change turn, coalesced: each key once, with the object as it was before its first change.
 * While the actor is busy this grows with the number of changed keys, not with the number of changes.
 */
export class PendingChanges {
  readonly #watches = new Map<string, WatchDecl[]>();
  readonly #isAnySet: (start: string) => boolean;
  #before = new Map<Key, KubeObject | undefined>();

  /** @param isAnySet is a cell set whose name begins with `start`? */
  constructor(hears: Hears, isAnySet: (start: string) => boolean) {
    this.#isAnySet = isAnySet;
    for (const watch of watchesOf(hears)) {
      const same = this.#watches.get(watch.resource);
      if (same === undefined) this.#watches.set(watch.resource, [watch]);
      else same.push(watch);
    }
  }

  #watchesOf(resource: string): readonly WatchDecl[] {
    if (resource === EPOCHS) return this.#watches.get(EPOCHS) ?? NONE; // no objects
    const every = this.#watches.get(EVERY_RESOURCE) ?? NONE;
    const ofOne = this.#watches.get(resource) ?? NONE;
    return every.length === 0 ? ofOne : [...every, ...ofOne];
  }

  /** Does the actor watch anything? */
  get watches(): boolean {
    return this.#watches.size > 0;
  }

  get size(): number {
    return this.#before.size;
  }

  /** @returns whether the actor needs a turn for this change */
  note(change: Pick<Change, 'key' | 'before' | 'after'>): boolean {
    const watches = this.#watchesOf(resourceOf(change.key));
    if (!watches.some((watch) => this.#isWorthTelling(watch, change))) return false;
    if (!this.#before.has(change.key)) this.#before.set(change.key, change.before);
    return true;
  }

  /**
   * For a fresh start: drops all pending changes and notes every object of the watched resources as new.
   * @returns whether there is any object
   */
  noteAll(cache: Cache): boolean {
    this.#before = new Map();
    const named = this.#watches.has(EVERY_RESOURCE) ? cache.resources() : [...this.#watches.keys()];
    for (const resource of named) {
      for (const after of cache.list(resource)) this.note({ key: keyOfObject(resource, after), after });
    }
    return this.#before.size > 0;
  }

  /** Removes and returns all pending changes, in key order by code unit. */
  take(): { readonly keys: readonly Key[]; readonly before: ReadonlyMap<Key, KubeObject | undefined> } {
    const before = this.#before;
    this.#before = new Map();
    return { keys: [...before.keys()].sort(), before };
  }

  /** Removes and returns the pending changes of `keys`, with the objects before; other changes stay. */
  takeOnly(keys: readonly Key[]): ReadonlyMap<Key, KubeObject | undefined> {
    const taken = new Map<Key, KubeObject | undefined>();
    for (const key of keys) {
      if (!this.#before.has(key)) continue;
      taken.set(key, this.#before.get(key));
      this.#before.delete(key);
    }
    return taken;
  }

  #isWorthTelling(
    { concerns, whileAny }: WatchDecl,
    { key, before, after }: Pick<Change, 'key' | 'before' | 'after'>,
  ): boolean {
    if (whileAny !== undefined && !this.#isAnySet(whileAny)) return false;
    if (concerns === undefined) return true;
    const { namespace = '', name = '' } = (after ?? before)?.metadata ?? {};
    const changed: Changed = { key, namespace, name, ...(before && { before }), ...(after && { after }) };
    try {
      return concerns(changed as Changed<never>);
    } catch {
      return true; // the turn will then fail with the same error, which concerns this actor only
    }
  }
}

function resourceOf(key: Key): string {
  const dot = key.indexOf('.');
  const head = dot < 0 ? key : key.slice(0, dot);
  return head.includes('=') ? (parseKey(key)?.resource ?? '') : head;
}
