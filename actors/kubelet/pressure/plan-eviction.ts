import { leastOf, type Signal, type Threshold } from '../../../contracts/eviction/thresholds.ts';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { podLoad } from '../../../contracts/kinds/pod/pod-load.ts';
import type { ContainerUsage } from '../../../contracts/messages/metrics.ts';
import { canonicalQuantity, wholeUnits } from '../../../contracts/quantity.ts';
import type { VolumeStats } from '../../../contracts/runtime/filesystem.ts';
import type { PodFailure } from '../pods/pod-types.ts';
import type { Observations } from './observations.ts';

/** A pod that runs, with what it uses by the last sample. */
export interface UsingPod {
  readonly uid: string;
  readonly pod: Pod;
  readonly containers: readonly ContainerUsage[];
  readonly volumes: readonly VolumeStats[];
}
export interface Eviction {
  readonly uid: string;
  readonly failure: PodFailure;
}

/** Seconds that a pod has to stop where there is no time to lose, as in Kubernetes. */
const AT_ONCE_SECONDS = 1;
/** Pods of at least this priority are never evicted. */
const CRITICAL = 2_000_000_000;
export const isCritical = ({ spec }: Pod): boolean => (spec?.priority ?? 0) >= CRITICAL;

type Resource = 'memory' | 'ephemeral-storage' | 'inodes' | 'pids';
export function resourceOf(signal: Signal): Resource {
  if (signal === 'memory.available') return 'memory';
  if (signal === 'pid.available') return 'pids';
  return signal.endsWith('inodesFree') ? 'inodes' : 'ephemeral-storage';
}

const sum = (amounts: readonly number[]): number => amounts.reduce((all, each) => all + each, 0);
const diskOf = ({ rootfsBytes = 0, logsBytes = 0 }: ContainerUsage): number => rootfsBytes + logsBytes;
const inKi = (bytes: number): string => canonicalQuantity(`${Math.floor(bytes / 1024)}Ki`);
const shown = (signal: Signal, units: number): string =>
  signal.endsWith('available') && signal !== 'pid.available' ? inKi(units) : String(units);

function usedBy({ containers, volumes }: UsingPod, resource: Resource): number {
  if (resource === 'memory') return sum(containers.map(({ workingSetBytes = 0 }) => workingSetBytes));
  if (resource === 'pids') return sum(containers.map(({ pids = 0 }) => pids));
  return sum([...containers.map(diskOf), ...volumes.map(({ usedBytes }) => usedBytes)]);
}

function requestedBy({ pod }: UsingPod, resource: Resource): number {
  const { memoryBytes, extended } = podLoad(pod);
  if (resource === 'memory') return memoryBytes;
  return resource === 'ephemeral-storage' ? (extended.get(resource) ?? 0) : 0;
}

/**
 * The order of eviction: pods that use more than they request, then by priority, lowest first, then by what they use beyond their
 * request. Of processes only priority and number count.
 */
function ranked(pods: readonly UsingPod[], resource: Resource): readonly UsingPod[] {
  const rank = pods.map((one) => {
    const beyond = usedBy(one, resource) - requestedBy(one, resource);
    const exceeds = resource === 'memory' || resource === 'ephemeral-storage' ? Number(beyond > 0) : 0;
    return { one, beyond, exceeds, priority: one.pod.spec?.priority ?? 0 };
  });
  const order = rank.toSorted((a, b) => b.exceeds - a.exceeds || a.priority - b.priority || b.beyond - a.beyond);
  return order.map(({ one }) => one);
}

function containerWords({ pod, containers }: UsingPod, resource: Resource): string {
  if (resource !== 'memory' && resource !== 'ephemeral-storage') return '';
  const words = containers.map((container) => {
    const { resources } = pod.spec?.containers.find(({ name }) => name === container.name) ?? {};
    const request = resources?.requests?.[resource];
    const used = resource === 'memory' ? (container.workingSetBytes ?? 0) : diskOf(container);
    if (used <= wholeUnits(request)) return '';
    return `Container ${container.name} was using ${inKi(used)}, request is ${request ?? 0}, has larger consumption of ${resource}. `;
  });
  return words.join('');
}

/**
 * Decides which pod leaves a node that is short of something; at most one, since that may be enough. Pure.
 * @param due as of `planNodeConditions`
 * @param maxGraceSeconds most time to stop for a soft threshold
 * @see kubernetes pkg/kubelet/eviction/helpers.go, evictionMessage and rankMemoryPressure
 */
export function planEviction(
  due: readonly Threshold[],
  observations: Observations,
  pods: readonly UsingPod[],
  maxGraceSeconds: number,
): Eviction | undefined {
  const [threshold] = due;
  if (threshold === undefined) return undefined;
  const { signal } = threshold;
  const resource = resourceOf(signal);
  const [first] = ranked(
    pods.filter(({ pod }) => !isCritical(pod)),
    resource,
  );
  const seen = observations.get(signal);
  if (first === undefined || seen === undefined) return undefined;
  const least = shown(signal, leastOf(threshold, seen.capacity));
  const short = `The node was low on resource: ${resource}. Threshold quantity: ${least}, available: ${shown(signal, seen.available)}. `;
  const own = first.pod.spec?.terminationGracePeriodSeconds ?? 30;
  return {
    uid: first.uid,
    failure: {
      reason: 'Evicted',
      message: short + containerWords(first, resource),
      graceSeconds: threshold.hard ? AT_ONCE_SECONDS : Math.min(own, maxGraceSeconds),
    },
  };
}

/** Decides which pods leave because they use more of the node's disk than they may. Pure. */
export function planStorageEvictions(pods: readonly UsingPod[]): readonly Eviction[] {
  return pods.flatMap((one) => {
    const message = isCritical(one.pod) ? undefined : (emptyDirWords(one) ?? podWords(one) ?? limitWords(one));
    return message === undefined
      ? []
      : [{ uid: one.uid, failure: { reason: 'Evicted', message, graceSeconds: AT_ONCE_SECONDS } }];
  });
}

function emptyDirWords({ pod, volumes }: UsingPod): string | undefined {
  for (const { name, emptyDir } of pod.spec?.volumes ?? []) {
    const limit = emptyDir?.medium === 'Memory' ? undefined : emptyDir?.sizeLimit;
    const used = volumes.find(({ volume }) => volume === name)?.usedBytes ?? 0;
    if (limit !== undefined && wholeUnits(limit) > 0 && used > wholeUnits(limit))
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
  }
  return undefined;
}

function podWords(one: UsingPod): string | undefined {
  const limits = (one.pod.spec?.containers ?? []).flatMap(
    ({ resources }) => resources?.limits?.['ephemeral-storage'] ?? [],
  );
  const limit = sum(limits.map(wholeUnits));
  if (limits.length === 0 || usedBy(one, 'ephemeral-storage') <= limit) return undefined;
  const text = limits.length === 1 ? canonicalQuantity(limits[0] ?? 0) : inKi(limit);
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${text}. `;
}

function limitWords({ pod, containers }: UsingPod): string | undefined {
  for (const { name, resources } of pod.spec?.containers ?? []) {
    const limit = resources?.limits?.['ephemeral-storage'];
    const used = containers.find((each) => each.name === name);
    if (limit !== undefined && used !== undefined && diskOf(used) > wholeUnits(limit))
      return `Container ${name} exceeded its local ephemeral storage limit "${limit}". `;
  }
  return undefined;
}
