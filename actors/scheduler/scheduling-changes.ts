import { sameJson } from '../../contracts/hash/stable-hash.ts';
import type { Node, Pod } from '../../contracts/kinds/kinds.ts';
import { hasEnded } from '../../contracts/kinds/pod/pod.ts';
import type { Changed } from '../kernel/contract.ts';
import { nodeOfRunningPod } from './node-table.ts';
import { SCHEDULER_NAME } from './scheduling-requests.ts';

/** True for a pod that this scheduler has to find a node for. */
export const isUnscheduled = (pod: Pod | undefined): pod is Pod =>
  pod !== undefined &&
  (pod.spec?.nodeName ?? '') === '' &&
  pod.metadata?.deletionTimestamp === undefined &&
  !hasEnded(pod.status?.phase) &&
  (pod.spec?.schedulerName ?? SCHEDULER_NAME) === SCHEDULER_NAME &&
  (pod.spec?.schedulingGates ?? []).length === 0;

const usesResources = (pod: Pod | undefined): boolean => nodeOfRunningPod(pod) !== '';

/** Does the pod give up the resources of its node with this change? */
export const freesResources = ({ before, after }: Changed<Pod>): boolean =>
  usesResources(before) && !usesResources(after);

/** Does the change concern the scheduler: a pod without a node, or one that begins or ceases to use a node's resources? */
export function affectsScheduling({ before, after }: Changed<Pod>): boolean {
  return isUnscheduled(before) || isUnscheduled(after) || usesResources(before) !== usesResources(after);
}

/** Compares what decides where a pod fits; its status does not. */
export const sameRequirements = (a: Pod, b: Pod): boolean =>
  a.metadata?.uid === b.metadata?.uid && sameJson(a.spec, b.spec);

const allocatable = ({ status }: Node) => status?.allocatable ?? status?.capacity;

/** Compares what decides which pods fit on a node: labels, spec and allocatable resources. */
export const sameNodeOffer = (a: Node | undefined, b: Node | undefined): boolean =>
  a === undefined || b === undefined
    ? a === b
    : sameJson(a.metadata?.labels, b.metadata?.labels) &&
      sameJson(a.spec, b.spec) &&
      sameJson(allocatable(a), allocatable(b));
