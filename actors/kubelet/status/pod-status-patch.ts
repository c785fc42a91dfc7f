import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { Pod, PodStatus } from '../../../contracts/kinds/kinds.ts';

/** The fields of a pod's status that the kubelet owns. */
const OURS = [
  'phase',
  'reason',
  'message',
  'conditions',
  'initContainerStatuses',
  'containerStatuses',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'startTime',
  'qosClass',
] as const satisfies readonly (keyof PodStatus)[];

export const versionOf = ({ metadata }: Pick<Pod, 'metadata'>): number => Number(metadata?.resourceVersion ?? 0);

/** Whether the kubelet's fields of a stored status are as planned. */
export const hasStatus = (stored: PodStatus, planned: PodStatus): boolean =>
  OURS.every((field) => sameJson(stored[field] ?? null, planned[field] ?? null));

/** A merge patch from the stored status to the planned one: fields that the plan lacks become `null`. */
export function statusPatch(pod: Pod, version: number, stored: PodStatus, planned: PodStatus): object {
  const cleared = OURS.filter((field) => stored[field] !== undefined && planned[field] === undefined);
  return {
    // The uid, so that another pod of the same name does not get this status.
    metadata: { uid: pod.metadata?.uid, ...(version > 0 ? { resourceVersion: String(version) } : {}) },
    status: { ...planned, ...Object.fromEntries(cleared.map((field) => [field, null])) },
  };
}
