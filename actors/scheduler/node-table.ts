import { fnv1a32 } from '../../contracts/hash/stable-hash.ts';
import type { Node, Pod, Taint } from '../../contracts/kinds/kinds.ts';
import { hasEnded } from '../../contracts/kinds/pod/pod.ts';
import { type Key, keyOfObject, parseKey } from '../../contracts/store/keys.ts';
import type { Change, View } from '../kernel/contract.ts';
import { allocatableLoad, combine, type Load, podLoad, without } from '../../contracts/kinds/pod/pod-load.ts';

/** What filters and scores need of a node. */
export interface NodeInfo {
  readonly name: string;
  readonly nameHash: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly unschedulable: boolean;
  /** Taints with effect NoSchedule or NoExecute. */
  readonly hardTaints: readonly Taint[];
  /** Taints with effect PreferNoSchedule. */
  readonly softTaints: readonly Taint[];
  readonly allocatable: Load;
}

/** The nodes and what is bound to them, updated change by change. Equal views give equal tables, however they were built. */
export interface NodeTable {
  readonly nodes: Map<string, NodeInfo>;
  /** Sorted by name in code unit order; recomputed when a node is added, changed or deleted. */
  order: readonly NodeInfo[] | undefined;
  /** By node name; also for names of nodes that do not exist (yet). */
  readonly bound: Map<string, { load: Load; readonly pods: Map<Key, Load> }>;
}

export const nodeTable = {
  build: (view: View): NodeTable => {
    const table: NodeTable = { nodes: new Map(), order: undefined, bound: new Map() };
    for (const node of view.list('nodes')) setNode(table, node);
    for (const pod of view.list('pods')) bind(table, keyOfObject('pods', pod), pod);
    return table;
  },
  step: (table: NodeTable, change: Change): NodeTable => {
    if (change.key.startsWith('pods.')) stepPod(table, change);
    else if (change.key.startsWith('nodes.')) {
      if (change.after !== undefined) setNode(table, change.after as Node);
      else if (change.before !== undefined) {
        table.nodes.delete(change.before.metadata?.name ?? '');
        table.order = undefined;
      }
    }
    return table;
  },
};

export function nodesInOrder(table: NodeTable): readonly NodeInfo[] {
  table.order ??= [...table.nodes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return table.order;
}

export function podAt(view: View, key: Key): Pod | undefined {
  const parts = parseKey(key);
  return parts === undefined ? undefined : view.get('pods', parts.namespace, parts.name);
}

/** Name of the node whose resources a pod uses: it is bound there and has not ended. Empty for none. */
export const nodeOfRunningPod = (pod: Pod | undefined): string =>
  pod === undefined || hasEnded(pod.status?.phase) ? '' : (pod.spec?.nodeName ?? '');

function stepPod(table: NodeTable, change: Change): void {
  const from = nodeOfRunningPod(change.before as Pod | undefined);
  const to = nodeOfRunningPod(change.after as Pod | undefined);
  if (from === to) return; // the requests of a bound pod cannot change
  if (from !== '') unbind(table, change.key, from);
  if (to !== '') bind(table, change.key, change.after as Pod);
}

function bind(table: NodeTable, key: Key, pod: Pod): void {
  const node = nodeOfRunningPod(pod);
  if (node === '') return;
  const load = podLoad(pod);
  const bound = table.bound.get(node);
  if (bound === undefined) table.bound.set(node, { load, pods: new Map([[key, load]]) });
  else if (!bound.pods.has(key)) {
    bound.pods.set(key, load);
    bound.load = combine(bound.load, load);
  }
}

function unbind(table: NodeTable, key: Key, node: string): void {
  const bound = table.bound.get(node);
  const load = bound?.pods.get(key);
  if (bound === undefined || load === undefined) return;
  bound.pods.delete(key);
  bound.load = without(bound.load, load, () => [...bound.pods.values()]);
  if (bound.pods.size === 0) table.bound.delete(node);
}

function setNode(table: NodeTable, node: Node): void {
  const info = nodeInfo(node);
  table.nodes.set(info.name, info);
  table.order = undefined;
}

export function nodeInfo(node: Node): NodeInfo {
  const name = node.metadata?.name ?? '';
  const taints = node.spec?.taints ?? [];
  return {
    name,
    nameHash: fnv1a32(name),
    labels: node.metadata?.labels ?? {},
    unschedulable: node.spec?.unschedulable === true,
    hardTaints: taints.filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute'),
    softTaints: taints.filter(({ effect }) => effect === 'PreferNoSchedule'),
    allocatable: allocatableLoad(node.status?.allocatable ?? node.status?.capacity),
  };
}
