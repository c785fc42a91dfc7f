import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { combine, NO_LOAD, type Load, podLoad } from '../../../contracts/kinds/pod/pod-load.ts';
import { qosClass } from '../../../contracts/kinds/pod/qos-class.ts';
import { matchesNode } from '../../../contracts/selectors/node-selector.ts';
import { toleratedBy } from '../../../contracts/selectors/taints.ts';
import type { PodFailure } from '../pods/pod-types.ts';
import { refusedSysctl } from '../security/sysctls.ts';
import { isCritical } from './plan-eviction.ts';
import type { Pressure } from './pressure-conditions.ts';

/** What a node has to allocate, as far as a kubelet checks it. */
export interface Allocatable {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly pods: number;
  readonly ephemeralStorageBytes?: number;
  readonly name: string;
  /** Absent while the kubelet does not know them. */
  readonly labels?: Readonly<Record<string, string>>;
}

const refused = (reason: string, message: string): PodFailure & { readonly note: string } => ({
  reason,
  message: `Pod was rejected: ${message}`,
  note: message,
});

/**
 * Decides whether a node takes a pod that is new to it. The scheduler has decided before, but by what it knew then, and a pod may
 * name its node itself. Pure.
 * @param others pods that the node has taken and that have not ended
 * @returns why not, in Kubernetes' words; undefined when it takes it
 */
export function planAdmission(
  pod: Pod,
  others: readonly Pod[],
  node: Allocatable,
  pressures: readonly Pressure[],
): (PodFailure & { readonly note: string }) | undefined {
  const pressing = isTakenUnder(pod, pressures) ? undefined : `The node had condition: [${pressures.join(', ')}]. `;
  if (pressing !== undefined) return refused('Evicted', pressing);
  const used = others.map(podLoad).reduce(combine, NO_LOAD);
  for (const [name, wanted, taken, has] of amounts(podLoad(pod), used, node)) {
    if (wanted > 0 && taken + wanted > has) {
      const words = `requested: ${wanted}, used: ${taken}, capacity: ${has}`;
      return refused(`OutOf${name}`, `Node didn't have enough resource: ${name}, ${words}`);
    }
  }
  const sysctl = refusedSysctl(pod);
  if (sysctl !== undefined) return refused('SysctlForbidden', sysctl);
  const { name, labels } = node;
  if (labels === undefined || matchesNode(pod, { name, labels })) return undefined;
  return refused('NodeAffinity', "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector");
}

function isTakenUnder(pod: Pod, pressures: readonly Pressure[]): boolean {
  if (pressures.length === 0 || isCritical(pod)) return true;
  if (pressures.some((each) => each !== 'MemoryPressure')) return false;
  const taint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' } as const;
  return qosClass(pod.spec ?? { containers: [] }) !== 'BestEffort' || toleratedBy(pod.spec?.tolerations, taint);
}

const amounts = (
  wanted: Load,
  used: Load,
  node: Allocatable,
): readonly (readonly [string, number, number, number])[] => [
  ['pods', 1, used.pods, node.pods],
  ['cpu', wanted.cpuMillis, used.cpuMillis, node.cpuMillis],
  ['memory', wanted.memoryBytes, used.memoryBytes, node.memoryBytes],
  [
    'ephemeral-storage',
    wanted.extended.get('ephemeral-storage') ?? 0,
    used.extended.get('ephemeral-storage') ?? 0,
    node.ephemeralStorageBytes ?? Number.MAX_SAFE_INTEGER,
  ],
];
