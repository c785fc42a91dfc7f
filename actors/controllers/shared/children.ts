import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { storeKey } from '../../../contracts/store/keys.ts';
import { token } from '../../../contracts/subjects/token.ts';
import type { Change, View } from '../../kernel/contract.ts';
import { controllerOf, nameOf, namespaceOf } from './owner.ts';

/** Objects of one resource by who manages them: by owner uid, and the unmanaged ones by namespace. */
export interface Children<T> {
  readonly byOwner: Map<string, Map<string, T>>;
  readonly orphans: Map<string, Map<string, T>>;
}

/** An index of the children of one resource, for `indexes` of a controller. */
export function childrenIndex<T extends KubeObject>(resource: string) {
  const prefix = `${token(resource)}.`;
  const shelf = (index: Children<T>, child: T): readonly [Map<string, Map<string, T>>, string] => {
    const owner = controllerOf(child);
    return owner === undefined ? [index.orphans, namespaceOf(child)] : [index.byOwner, owner.uid];
  };
  const add = (index: Children<T>, key: string, child: T): void => {
    const [shelves, name] = shelf(index, child);
    const found = shelves.get(name);
    if (found === undefined) shelves.set(name, new Map([[key, child]]));
    else found.set(key, child);
  };
  const remove = (index: Children<T>, key: string, child: T): void => {
    const [shelves, name] = shelf(index, child);
    const found = shelves.get(name);
    found?.delete(key);
    if (found?.size === 0) shelves.delete(name);
  };
  return {
    build(view: View): Children<T> {
      const index: Children<T> = { byOwner: new Map(), orphans: new Map() };
      for (const child of view.list(resource) as readonly unknown[] as readonly T[]) {
        add(index, storeKey(resource, namespaceOf(child), nameOf(child)), child);
      }
      return index;
    },
    step(index: Children<T>, change: Change): Children<T> {
      if (!change.key.startsWith(prefix)) return index;
      if (change.before !== undefined) remove(index, change.key, change.before as T);
      if (change.after !== undefined) add(index, change.key, change.after as T);
      return index;
    },
  };
}

/** In key order: what a plan decides must not depend on the order in which an index was filled. */
export const inKeyOrder = <T>(shelf: ReadonlyMap<string, T> | undefined): readonly T[] =>
  shelf === undefined ? [] : [...shelf].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, child]) => child);
