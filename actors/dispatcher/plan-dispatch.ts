import { sameJson } from '../../contracts/hash/stable-hash.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import type { NodePods } from '../../contracts/messages/node.ts';

/** A pod as it was last sent, and as it is now. */
export interface PodChange {
  readonly before?: Pod;
  readonly after?: Pod;
}
/** The changes to send to one node: pods without what they refer to. */
export interface NodeChanges {
  readonly changed: readonly Pod[];
  readonly removed: NodePods['removed'];
}

const nodeOf = (pod: Pod | undefined): string | undefined => {
  const node = pod?.spec?.nodeName;
  return node === '' ? undefined : node;
};
const identity = (pod: Pod): NodePods['removed'][number] => ({
  uid: pod.metadata?.uid ?? '',
  namespace: pod.metadata?.namespace ?? '',
  name: pod.metadata?.name ?? '',
});

/** Whether only the pod's status changed. Mostly its kubelet wrote that itself. */
export const isStatusAlone = ({ before, after }: PodChange): boolean =>
  before !== undefined &&
  after !== undefined &&
  sameJson(before.spec, after.spec) &&
  sameJson(withoutVersion(before), withoutVersion(after));

function withoutVersion({ metadata }: Pod): object {
  const { resourceVersion: _, ...rest } = metadata ?? {};
  return rest;
}

/**
 * Groups changes of pods by node. A pod that is bound for the first time, or changed on its node, is in `changed`; one that
 * left the store, was replaced by another of its name, or left the node, is in `removed`. Pure; keeps the order of `changes`.
 */
export function planDispatch(changes: readonly PodChange[]): ReadonlyMap<string, NodeChanges> {
  const byNode = new Map<string, { changed: Pod[]; removed: NodePods['removed'][number][] }>();
  const of = (node: string) => {
    const found = byNode.get(node) ?? { changed: [], removed: [] };
    byNode.set(node, found);
    return found;
  };
  for (const { before, after } of changes) {
    const from = nodeOf(before);
    const to = nodeOf(after);
    const stays = from === to && before?.metadata?.uid === after?.metadata?.uid;
    if (before !== undefined && from !== undefined && !stays) of(from).removed.push(identity(before));
    if (after !== undefined && to !== undefined) of(to).changed.push(after);
  }
  return byNode;
}
