import type { Pod } from '../../contracts/kinds/kinds.ts';
import { podReferenceKeys } from '../../contracts/kinds/pod/pod-references.ts';
import { type Key, keyOfObject } from '../../contracts/store/keys.ts';
import type { Change, View } from '../kernel/contract.ts';

/** Indexes of the bound pods: by node, and by the ConfigMaps and Secrets that they refer to. */
export interface PodIndex {
  /** Node -> keys of its pods, unordered: readers must sort. */
  readonly byNode: Map<string, Set<Key>>;
  /** Key of a ConfigMap or Secret -> keys of the pods that refer to it, unordered. */
  readonly byReference: Map<Key, Set<Key>>;
}

const add = (into: Map<string, Set<Key>>, at: string, key: Key): void => {
  const found = into.get(at);
  if (found === undefined) into.set(at, new Set([key]));
  else found.add(key);
};
const remove = (from: Map<string, Set<Key>>, at: string, key: Key): void => {
  const found = from.get(at);
  if (found?.delete(key) === true && found.size === 0) from.delete(at);
};

function edit(index: PodIndex, pod: Pod, how: typeof add): void {
  const node = pod.spec?.nodeName;
  if (node === undefined || node === '') return;
  const key = keyOfObject('pods', pod);
  how(index.byNode, node, key);
  for (const reference of podReferenceKeys(pod)) how(index.byReference, reference, key);
}

/** Builds the index from all pods. */
export function buildPodIndex(view: View): PodIndex {
  const index: PodIndex = { byNode: new Map(), byReference: new Map() };
  for (const pod of view.list('pods')) edit(index, pod, add);
  return index;
}

/** Applies one change to the index, in place, as `World.derived` allows. */
export function stepPodIndex(index: PodIndex, change: Change): PodIndex {
  if (!change.key.startsWith('pods.')) return index;
  if (change.before !== undefined) edit(index, change.before as Pod, remove);
  if (change.after !== undefined) edit(index, change.after as Pod, add);
  return index;
}
