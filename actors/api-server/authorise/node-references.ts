import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { podReferenceKeys } from '../../../contracts/kinds/pod/pod-references.ts';
import type { Key } from '../../../contracts/store/keys.ts';
import type { Change, View } from '../../kernel/contract.ts';

/** Key of a ConfigMap or Secret -> name of a node -> number of pods bound to the node that refer to the object. */
export type NodeReferences = Map<Key, Map<string, number>>;

function count(index: NodeReferences, pod: Pod, by: 1 | -1): void {
  const node = pod.spec?.nodeName;
  if (node === undefined || node === '') return;
  for (const key of podReferenceKeys(pod)) {
    const nodes = index.get(key) ?? new Map<string, number>();
    const left = (nodes.get(node) ?? 0) + by;
    if (left === 0) nodes.delete(node);
    else nodes.set(node, left);
    if (nodes.size === 0) index.delete(key);
    else index.set(key, nodes);
  }
}

export function buildNodeReferences(view: View): NodeReferences {
  const index: NodeReferences = new Map();
  for (const pod of view.list('pods')) count(index, pod, 1);
  return index;
}

/** Updates the index in place, which `World.derived` allows. */
export function stepNodeReferences(index: NodeReferences, { key, before, after }: Change): NodeReferences {
  if (!key.startsWith('pods.')) return index;
  if (before !== undefined) count(index, before as Pod, -1);
  if (after !== undefined) count(index, after as Pod, 1);
  return index;
}
