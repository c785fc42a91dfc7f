import { sameJson } from '../../contracts/hash/stable-hash.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import type { NodePods } from '../../contracts/messages/node.ts';

/** A pod as it was last told of, and as it is now. */
export interface PodChange {
  readonly before?: Pod;
  readonly after?: Pod;
}
/** What a node is to be told: pods by value, without what they refer to. */
export interface NodeNews {
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

/** Has nothing changed but its status? Mostly its kubelet wrote that itself. */
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
 * Sorts changes of pods by the node that must hear of them. A pod that is bound for the first time, or changed on its
 * node, is in `changed`; one that left the store, was replaced under its name, or left the node, is in `removed`.
 * Pure; the order is that of `changes`.
 */
export function planDispatch(changes: readonly PodChange[]): ReadonlyMap<string, NodeNews> {
  const news = new Map<string, { changed: Pod[]; removed: NodePods['removed'][number][] }>();
  const of = (node: string) => {
    const found = news.get(node) ?? { changed: [], removed: [] };
    news.set(node, found);
    return found;
  };
  for (const { before, after } of changes) {
    const from = nodeOf(before);
    const to = nodeOf(after);
    const stays = from === to && before?.metadata?.uid === after?.metadata?.uid;
    if (before !== undefined && from !== undefined && !stays) of(from).removed.push(identity(before));
    if (after !== undefined && to !== undefined) of(to).changed.push(after);
  }
  return news;
}
