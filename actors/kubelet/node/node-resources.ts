import { leastOf, parseThresholds, type Signal } from '../../../contracts/eviction/thresholds.ts';
import { canonicalQuantity, cpuMillis, wholeUnits } from '../../../contracts/quantity.ts';
import type { RuntimeInfo } from '../../../contracts/runtime/status.ts';
import type { NodeOptions } from './node-options.ts';

type Resources = Readonly<Record<string, string>>;

const SIGNAL_OF: Readonly<Record<string, Signal>> = {
  memory: 'memory.available',
  'ephemeral-storage': 'nodefs.available',
};
const inKi = (bytes: number): string => `${Math.floor(bytes / 1024)}Ki`;

/**
 * A node's capacity, and what of it pods may have: less what is reserved, and less what makes the kubelet evict. Pure.
 * @see kubernetes pkg/kubelet/cm/node_container_manager_linux.go, GetNodeAllocatableReservation
 */
export function nodeResources(
  options: NodeOptions,
  info: RuntimeInfo,
): { readonly capacity: Resources; readonly allocatable: Resources } {
  const given = options.capacity ?? {};
  const storage =
    given['ephemeral-storage'] ??
    (info.ephemeralStorageBytes === undefined ? undefined : inKi(info.ephemeralStorageBytes));
  const capacity: Resources = {
    cpu: given.cpu ?? canonicalQuantity(`${info.cpuMillis}m`),
    ...(storage === undefined ? {} : { 'ephemeral-storage': storage }),
    memory: given.memory ?? inKi(info.memoryBytes),
    pods: given.pods ?? '110',
  };
  const { kubeReserved = {}, systemReserved = {} } = options;
  const allocatable = Object.entries(capacity).map(([name, quantity]): [string, string] => {
    const kept = [kubeReserved[name], systemReserved[name]];
    if (name === 'cpu') {
      const left = cpuMillis(quantity) - cpuMillis(kept[0]) - cpuMillis(kept[1]);
      return [name, left === cpuMillis(quantity) ? quantity : canonicalQuantity(`${Math.max(0, left)}m`)];
    }
    const all = wholeUnits(quantity);
    const reserve = wholeUnits(kept[0]) + wholeUnits(kept[1]) + evictedBelow(options, SIGNAL_OF[name], all);
    if (reserve === 0) return [name, quantity];
    const left = Math.max(0, all - reserve);
    return [name, name === 'pods' ? String(left) : inKi(left)];
  });
  return { capacity, allocatable: Object.fromEntries(allocatable) };
}

function evictedBelow({ eviction }: NodeOptions, signal: Signal | undefined, capacity: number): number {
  if (eviction === undefined || signal === undefined) return 0;
  const hard = parseThresholds(eviction).filter((each) => each.hard && each.signal === signal);
  return Math.max(0, ...hard.map((each) => leastOf(each, capacity)));
}
