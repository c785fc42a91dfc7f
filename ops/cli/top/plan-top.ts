import type { Node, Pod } from '../../../contracts/kinds/kinds.ts';
import type { ContainerUsage, NodeUsage } from '../../../contracts/messages/metrics.ts';
import { cpuMillis, wholeUnits } from '../../../contracts/quantity.ts';

export type SortBy = 'cpu' | 'memory' | undefined;

interface Row {
  readonly cells: readonly string[];
  readonly cpu: number;
  readonly memory: number;
}

const MIB = 2 ** 20;
const cores = (nano: number): string => `${Math.ceil(nano / 1e6)}m`;
const bytes = (amount: number): string => `${Math.floor(amount / MIB)}Mi`;
const share = (used: number, of: number): string => (of > 0 ? `${Math.floor((used * 100) / of)}%` : '<unknown>');

/** By the figure, largest first; else in the order of the names in the cells. */
function inOrder(rows: readonly Row[], by: SortBy): readonly Row[] {
  const named = (a: Row, b: Row): number => (a.cells.join('\0') < b.cells.join('\0') ? -1 : 1);
  return rows.toSorted((a, b) => (by === undefined ? 0 : b[by] - a[by]) || named(a, b));
}

const cellsOf = (header: readonly string[], rows: readonly Row[], by: SortBy): readonly (readonly string[])[] => [
  header,
  ...inOrder(rows, by).map(({ cells }) => cells),
];

const known = (container: ContainerUsage): boolean =>
  container.cpuNanoCores !== undefined && container.workingSetBytes !== undefined;

/**
 * The rows of `troupe top pods`; the first is the header. Pods without a figure for each of their containers are left out, as
 * in Kubernetes. Pure.
 */
export function planTopPods(
  pods: readonly Pod[],
  usages: readonly NodeUsage[],
  options: { readonly namespaces?: boolean; readonly containers?: boolean; readonly sortBy?: SortBy },
): readonly (readonly string[])[] {
  const header = [
    ...(options.namespaces === true ? ['NAMESPACE'] : []),
    ...(options.containers === true ? ['POD', 'NAME'] : ['NAME']),
    'CPU(cores)',
    'MEMORY(bytes)',
  ];
  const used = new Map<string, ContainerUsage[]>();
  for (const container of usages.flatMap(({ containers }) => containers)) {
    const { uid } = container.pod;
    used.set(uid, [...(used.get(uid) ?? []), container]);
  }
  const rows = pods.flatMap(({ metadata }): readonly Row[] => {
    const containers = used.get(metadata?.uid ?? '') ?? [];
    if (containers.length === 0 || !containers.every(known)) return [];
    const start = [...(options.namespaces === true ? [metadata?.namespace ?? ''] : []), metadata?.name ?? ''];
    const rowOf = (cells: readonly string[], of: readonly ContainerUsage[]): Row => {
      const cpu = of.reduce((sum, { cpuNanoCores = 0 }) => sum + cpuNanoCores, 0);
      const memory = of.reduce((sum, { workingSetBytes = 0 }) => sum + workingSetBytes, 0);
      return { cells: [...cells, cores(cpu), bytes(memory)], cpu, memory };
    };
    if (options.containers !== true) return [rowOf(start, containers)];
    return containers.map((container) => rowOf([...start, container.name], [container]));
  });
  return cellsOf(header, rows, options.sortBy);
}

/** The rows of `troupe top nodes`; the first is the header. Shares are those of what a node has to allocate. Pure. */
export function planTopNodes(
  nodes: readonly Node[],
  usages: readonly NodeUsage[],
  sortBy: SortBy,
): readonly (readonly string[])[] {
  const byName = new Map(usages.map((usage) => [usage.node, usage]));
  const rows = nodes.map(({ metadata, status }): Row => {
    const name = metadata?.name ?? '';
    const usage = byName.get(name);
    if (usage?.cpuNanoCores === undefined) {
      const cells = [name, '<unknown>', '<unknown>', '<unknown>', '<unknown>'];
      return { cells, cpu: -1, memory: -1 };
    }
    const cpu = usage.cpuNanoCores;
    const memory = usage.memory.capacityBytes - usage.memory.availableBytes;
    const has = status?.allocatable ?? status?.capacity ?? {};
    const shares = [share(cpu, cpuMillis(has['cpu']) * 1e6), share(memory, wholeUnits(has['memory']))];
    return { cells: [name, cores(cpu), shares[0] ?? '', bytes(memory), shares[1] ?? ''], cpu, memory };
  });
  return cellsOf(['NAME', 'CPU(cores)', 'CPU(%)', 'MEMORY(bytes)', 'MEMORY(%)'], rows, sortBy);
}
