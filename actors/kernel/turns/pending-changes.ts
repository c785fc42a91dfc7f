import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { type Key, keyOfObject, parseKey } from '../../../contracts/store/keys.ts';
import type { Change, Changed } from '../contract.ts';
import type { HearDecl, WatchDecl } from '../declare.ts';
import type { Cache } from '../view/cache.ts';

type Hears = Readonly<Record<string, HearDecl>>;

const watchesOf = (hears: Hears): readonly WatchDecl[] =>
  Object.values(hears).filter((heard): heard is WatchDecl => heard.hear === 'watch');

/** The same declarations, by which every change is worth a turn. */
export const everyChange = (hears: Hears): Hears =>
  Object.fromEntries(watchesOf(hears).map(({ hear, resource }, at) => [String(at), { hear, resource }]));

/** Resources that an actor watches. */
export const watchedResources = (hears: Hears): ReadonlySet<string> =>
  new Set(watchesOf(hears).map(({ resource }) => resource));

/**
 * What has changed since an actor was last told, coalesced: each key once, with the object as it was before the first such
 * change. However often keys change while the actor is busy, this grows with the number of keys alone.
 */
export class PendingChanges {
  readonly #watches = new Map<string, WatchDecl[]>();
  readonly #isAnySet: (start: string) => boolean;
  #before = new Map<Key, KubeObject | undefined>();

  /** @param isAnySet is there a cell that is set and whose name begins so? */
  constructor(hears: Hears, isAnySet: (start: string) => boolean) {
    this.#isAnySet = isAnySet;
    for (const watch of watchesOf(hears)) {
      const same = this.#watches.get(watch.resource);
      if (same === undefined) this.#watches.set(watch.resource, [watch]);
      else same.push(watch);
    }
  }

  /** Does the actor watch anything? */
  get watches(): boolean {
    return this.#watches.size > 0;
  }

  get size(): number {
    return this.#before.size;
  }

  /** @returns whether the actor is to be told */
  note(change: Pick<Change, 'key' | 'before' | 'after'>): boolean {
    const watches = this.#watches.get(resourceOf(change.key));
    if (watches?.some((watch) => this.#isWorthTelling(watch, change)) !== true) return false;
    if (!this.#before.has(change.key)) this.#before.set(change.key, change.before);
    return true;
  }

  /**
   * A fresh start knows nothing: forgets what was noted and notes every object of the watched resources as new.
   * @returns whether there is any
   */
  noteAll(cache: Cache): boolean {
    this.#before = new Map();
    for (const resource of this.#watches.keys()) {
      for (const after of cache.list(resource)) this.note({ key: keyOfObject(resource, after), after });
    }
    return this.#before.size > 0;
  }

  /** Hands over everything noted, in key order by code unit, and begins anew. */
  take(): { readonly keys: readonly Key[]; readonly before: ReadonlyMap<Key, KubeObject | undefined> } {
    const before = this.#before;
    this.#before = new Map();
    return { keys: [...before.keys()].sort(), before };
  }

  /** Hands over those of these keys that were noted, with the objects before; the others stay. */
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
      return true; // the turn that it makes will fail of the same, and only that actor
    }
  }
}

function resourceOf(key: Key): string {
  const dot = key.indexOf('.');
  const head = dot < 0 ? key : key.slice(0, dot);
  return head.includes('=') ? (parseKey(key)?.resource ?? '') : head;
}
