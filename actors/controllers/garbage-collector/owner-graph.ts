import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { EPOCHS, type Key, keyOfObject, parseKey } from '../../../contracts/store/keys.ts';
import type { Change, View } from '../../kernel/contract.ts';
import { uidOf } from '../shared/object-meta.ts';

/** Objects and their dependents by the owner's uid. */
export interface OwnerGraph {
  readonly keyOfUid: Map<string, Key>;
  readonly dependents: Map<string, Set<Key>>;
}

/** For a controller's `indexes`. */
export const ownerGraph = {
  build: (view: View): OwnerGraph => {
    const graph: OwnerGraph = { keyOfUid: new Map(), dependents: new Map() };
    for (const resource of view.resources()) {
      if (resource === EPOCHS) continue; // no objects
      for (const object of view.list(resource) as readonly KubeObject[]) {
        add(graph, keyOfObject(resource, object), object);
      }
    }
    return graph;
  },
  step: (graph: OwnerGraph, { key, before, after }: Change): OwnerGraph => {
    if (parseKey(key)?.resource === EPOCHS) return graph;
    if (before !== undefined) remove(graph, key, before);
    if (after !== undefined) add(graph, key, after);
    return graph;
  },
};

function add(graph: OwnerGraph, key: Key, object: KubeObject): void {
  graph.keyOfUid.set(uidOf(object), key);
  for (const { uid } of object.metadata?.ownerReferences ?? []) {
    const known = graph.dependents.get(uid);
    if (known === undefined) graph.dependents.set(uid, new Set([key]));
    else known.add(key);
  }
}

function remove(graph: OwnerGraph, key: Key, object: KubeObject): void {
  if (graph.keyOfUid.get(uidOf(object)) === key) graph.keyOfUid.delete(uidOf(object));
  for (const { uid } of object.metadata?.ownerReferences ?? []) {
    const known = graph.dependents.get(uid);
    known?.delete(key);
    if (known?.size === 0) graph.dependents.delete(uid);
  }
}
