import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { EPOCHS, type Key, parseKey } from '../../../contracts/store/keys.ts';
import type { Changed, View } from '../contract.ts';
import { EVERY_RESOURCE } from './pending-changes.ts';

/**
 * The changes of `keys`, by resource, in the order of the keys.
 * @param before the version that the actor saw last
 */
export function changedByResource(
  keys: readonly Key[],
  before: (key: Key) => KubeObject | undefined,
  view: View,
): ReadonlyMap<string, readonly Changed[]> {
  const byResource = new Map<string, Changed[]>();
  for (const key of keys) {
    const parts = parseKey(key);
    if (parts === undefined) continue;
    const was = before(key);
    const is = view.get(parts.resource, parts.namespace, parts.name);
    if (was === undefined && is === undefined) continue; // created and deleted between two turns
    const changed: Changed = {
      key,
      namespace: parts.namespace,
      name: parts.name,
      ...(was === undefined ? {} : { before: was }),
      ...(is === undefined ? {} : { after: is }),
    };
    const list = byResource.get(parts.resource);
    if (list === undefined) byResource.set(parts.resource, [changed]);
    else list.push(changed);
  }
  return byResource;
}

/** The changes that a watch of `resource` is given; `undefined` = none. */
export function changesFor(
  resource: string,
  changed: ReadonlyMap<string, readonly Changed[]>,
): readonly Changed[] | undefined {
  if (resource !== EVERY_RESOURCE) return changed.get(resource);
  const all = [...changed].flatMap(([of, changes]) => (of === EPOCHS ? [] : changes));
  return all.length === 0 ? undefined : all;
}
