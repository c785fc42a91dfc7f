import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { type Key, parseKey, storeKey } from '../../../contracts/store/keys.ts';
import type { Change } from '../contract.ts';
import type { HearDecl } from '../declare.ts';
import type { Cache } from '../view/cache.ts';

/** Resources that an actor watches. */
export const watchedResources = (hears: Readonly<Record<string, HearDecl>>): ReadonlySet<string> =>
  new Set(Object.values(hears).flatMap((heard) => (heard.hear === 'watch' ? [heard.resource] : [])));

/**
 * What has changed since an actor was last told, coalesced: each key once, with the object as the actor last knew it.
 * However often keys change while the actor is busy, this grows with the number of keys alone.
 */
export class PendingChanges {
  readonly #resources: ReadonlySet<string>;
  #before = new Map<Key, KubeObject | undefined>();

  constructor(resources: ReadonlySet<string>) {
    this.#resources = resources;
  }

  /** Does the actor watch anything? */
  get watches(): boolean {
    return this.#resources.size > 0;
  }

  get size(): number {
    return this.#before.size;
  }

  /** @returns whether the actor hears of this key at all */
  note(change: Pick<Change, 'key' | 'before'>): boolean {
    const resource = resourceOf(change.key);
    if (resource === undefined || !this.#resources.has(resource)) return false;
    if (!this.#before.has(change.key)) this.#before.set(change.key, change.before);
    return true;
  }

  /**
   * A fresh start knows nothing: forgets what was noted and notes every object of the watched resources as new.
   * @returns whether there is any
   */
  noteAll(cache: Cache): boolean {
    this.#before = new Map();
    for (const resource of this.#resources) {
      for (const object of cache.list(resource)) {
        const key = storeKey(resource, object.metadata?.namespace, object.metadata?.name ?? '');
        this.#before.set(key, undefined);
      }
    }
    return this.#before.size > 0;
  }

  /** Hands over everything noted, in key order by code unit, and begins anew. */
  take(): { readonly keys: readonly Key[]; readonly before: ReadonlyMap<Key, KubeObject | undefined> } {
    const before = this.#before;
    this.#before = new Map();
    return { keys: [...before.keys()].sort(), before };
  }
}

function resourceOf(key: Key): string | undefined {
  const dot = key.indexOf('.');
  const head = dot < 0 ? key : key.slice(0, dot);
  return head.includes('=') ? parseKey(key)?.resource : head;
}
