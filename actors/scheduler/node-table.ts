import { fnv1a32 } from '../../contracts/hash/stable-hash.ts';
import type { Node, Pod, Taint } from '../../contracts/kinds/kinds.ts';
import { hasEnded } from '../../contracts/kinds/pod/pod.ts';
import { type Key, keyOfObject, parseKey } from '../../contracts/store/keys.ts';
import type { Change, View } from '../kernel/contract.ts';
import { allocatableLoad, combine, type Load, podLoad, without } from './load.ts';

/** A node as filters and scores see it. */
export interface NodeInfo {
  readonly name: string;
  readonly nameHash: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly unschedulable: boolean;
  /** Taints with effect NoSchedule or NoExecute. */
  readonly repelling: readonly Taint[];
  /** Taints with effect PreferNoSchedule. */
  readonly discouraging: readonly Taint[];
  readonly allocatable: Load;
}

/** Nodes and what is bound to them, kept up to date change by change. Equal views give equal tables, however they came about. */
export interface NodeTable {
  readonly nodes: Map<string, NodeInfo>;
  /** In code unit order of their names; made anew when a node comes or goes. */
  order: readonly NodeInfo[] | undefined;
  /** By node name; also for nodes that are not there (yet). */
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

/** The node on which a pod takes room: bound there, and not run to its end; empty for none. */
export const holder = (pod: Pod | undefined): string =>
  pod === undefined || hasEnded(pod.status?.phase) ? '' : (pod.spec?.nodeName ?? '');

function stepPod(table: NodeTable, change: Change): void {
  const from = holder(change.before as Pod | undefined);
  const to = holder(change.after as Pod | undefined);
  if (from === to) return; // requests of a bound pod don't change
  if (from !== '') unbind(table, change.key, from);
  if (to !== '') bind(table, change.key, change.after as Pod);
}

function bind(table: NodeTable, key: Key, pod: Pod): void {
  const node = holder(pod);
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
    repelling: taints.filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute'),
    discouraging: taints.filter(({ effect }) => effect === 'PreferNoSchedule'),
    allocatable: allocatableLoad(node.status?.allocatable ?? node.status?.capacity),
  };
}
