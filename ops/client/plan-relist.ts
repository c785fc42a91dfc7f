import type { KubeObject } from '../../contracts/kinds/kinds.ts';

/** A change of one object. */
export interface ObjectEvent<T = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

/**
 * The events that lead from the objects `known` to the list `items`: deletions first, then new and changed objects in the order of
 * the list. Pure.
 */
export function planRelist<T extends KubeObject>(
  known: ReadonlyMap<string, T>,
  items: readonly T[],
  identity: (object: T) => string,
): ObjectEvent<T>[] {
  const events: ObjectEvent<T>[] = [];
  const now = new Set(items.map(identity));
  for (const [id, object] of known) if (!now.has(id)) events.push({ type: 'DELETED', object });
  for (const object of items) {
    const before = known.get(identity(object));
    if (before === undefined) events.push({ type: 'ADDED', object });
    else if (before.metadata?.resourceVersion !== object.metadata?.resourceVersion)
      events.push({ type: 'MODIFIED', object });
  }
  return events;
}
