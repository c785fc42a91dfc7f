import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { type Key, storeKey } from '../../../contracts/store/keys.ts';
import type { Change, View } from '../../kernel/contract.ts';
import { nameOf, namespaceOf } from '../shared/owner.ts';

/** Bound pods by the name of their node. */
export type PodsByNode = Map<string, Map<Key, Pod>>;

const PODS = 'pods.';

export const podsByNode = {
  build: (view: View): PodsByNode => {
    const index: PodsByNode = new Map();
    for (const pod of view.list('pods')) add(index, storeKey('pods', namespaceOf(pod), nameOf(pod)), pod);
    return index;
  },
  step: (index: PodsByNode, { key, before, after }: Change): PodsByNode => {
    if (!key.startsWith(PODS)) return index;
    const node = (before as Pod | undefined)?.spec?.nodeName ?? '';
    const pods = index.get(node);
    pods?.delete(key);
    if (pods?.size === 0) index.delete(node);
    if (after !== undefined) add(index, key, after as Pod);
    return index;
  },
};

function add(index: PodsByNode, key: Key, pod: Pod): void {
  const node = pod.spec?.nodeName ?? '';
  if (node === '') return;
  const pods = index.get(node);
  if (pods === undefined) index.set(node, new Map([[key, pod]]));
  else pods.set(key, pod);
}
