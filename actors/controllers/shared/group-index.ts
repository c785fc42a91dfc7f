import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { type Key, keyOfObject } from '../../../contracts/store/keys.ts';
import { token } from '../../../contracts/subjects/token.ts';
import type { IndexDecl } from '../../kernel/controller.ts';

type Group<T> = Map<Key, T>;

/**
 * An index of the objects of one resource by group: for a controller's `indexes`, or `world.derived`.
 * @param groupOf name of the object's group; undefined = none
 */
export function groupIndex<T extends KubeObject>(
  resource: string,
  groupOf: (object: T) => string | undefined,
): IndexDecl<Map<string, Group<T>>> {
  const prefix = `${token(resource)}.`;
  const add = (groups: Map<string, Group<T>>, key: Key, object: T): void => {
    const name = groupOf(object);
    if (name === undefined) return;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, new Map([[key, object]]));
    else group.set(key, object);
  };
  const remove = (groups: Map<string, Group<T>>, key: Key, object: T): void => {
    const name = groupOf(object);
    const group = name === undefined ? undefined : groups.get(name);
    group?.delete(key);
    if (name !== undefined && group?.size === 0) groups.delete(name);
  };
  return {
    build(view) {
      const groups = new Map<string, Group<T>>();
      for (const object of view.list(resource) as readonly KubeObject[] as readonly T[]) {
        add(groups, keyOfObject(resource, object), object);
      }
      return groups;
    },
    step(groups, { key, before, after }) {
      if (!key.startsWith(prefix)) return groups;
      if (before !== undefined) remove(groups, key, before as T);
      if (after !== undefined) add(groups, key, after as T);
      return groups;
    },
  };
}

/**
 * The objects of a group that `keep` accepts (default: all) in key order: a plan must not depend on the order in which an
 * index was filled.
 */
export function inKeyOrder<T>(group: ReadonlyMap<Key, T> | undefined, keep?: (object: T) => boolean): readonly T[] {
  if (group === undefined) return [];
  const all = keep === undefined ? [...group] : [...group].filter(([, object]) => keep(object));
  return all.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}
