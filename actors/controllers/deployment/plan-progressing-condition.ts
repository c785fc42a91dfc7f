import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { conditionOf, transitionTime } from '../../../contracts/kinds/meta/conditions.ts';
import { parseRfc3339, rfc3339 } from '../../../contracts/time/rfc3339.ts';
import type { Refusal } from '../../kernel/reconcile/refusal.ts';
import { nameOf } from '../shared/object-meta.ts';
import { isObserved, sizeOf } from './replica-counts.ts';

export interface ProgressInput {
  readonly deployment: Deployment;
  readonly newSet: ReplicaSet | undefined;
  /** Name of a set that this plan creates. */
  readonly creating?: string | undefined;
  /** The rejection that ended the last attempt. */
  readonly refused?: Refusal | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Reason of the Progressing condition, and of the event, when the new ReplicaSet cannot be created. */
export const CREATE_FAILED = 'ReplicaSetCreateError';
export const createFailedMessage = (setName: string, { message }: Refusal): string =>
  `Failed to create new replica set "${setName}": ${message}`;

/** Decides the Progressing condition. Pure. @param counts the new status without its conditions */
export function progressingCondition(input: ProgressInput, counts: DeploymentStatus): DeploymentCondition | undefined {
  const { deployment, newSet, creating, refused, now } = input;
  const current = conditionOf(deployment.status, 'Progressing');
  const say = (status: string, reason: string, message: string): DeploymentCondition =>
    updatedCondition(current, now, { type: 'Progressing', status, reason, message });
  const paused = deployment.spec?.paused === true;
  if (paused) return say('Unknown', 'DeploymentPaused', 'Deployment is paused');
  const resumed = current?.reason === 'DeploymentPaused';
  const name = newSet === undefined ? (creating ?? nameOf(deployment)) : nameOf(newSet);
  if (creating !== undefined && refused?.say === 'create' && refused.retry === 'never')
    return say('False', CREATE_FAILED, createFailedMessage(creating, refused));
  if (creating !== undefined) return say('True', 'NewReplicaSetCreated', `Created new replica set "${creating}"`);
  if (current?.reason === 'NewReplicaSetAvailable' && counts.replicas === counts.updatedReplicas) {
    return current; // a completed rollout stays complete until the template changes, even if a pod is lost
  }
  if (isComplete(deployment, counts)) {
    return say('True', 'NewReplicaSetAvailable', `ReplicaSet "${name}" has successfully progressed.`);
  }
  if (resumed) return say('Unknown', 'DeploymentResumed', 'Deployment is resumed');
  if (current === undefined) return say('True', 'FoundNewReplicaSet', `Found new replica set "${name}"`);
  if (hasProgressed(deployment.status, counts)) {
    const message = `ReplicaSet "${name}" is progressing.`;
    return {
      type: 'Progressing',
      status: 'True',
      reason: 'ReplicaSetUpdated',
      message,
      lastUpdateTime: rfc3339(now),
      lastTransitionTime: transitionTime(current, 'True', now),
    };
  }
  if (current.reason !== 'NewReplicaSetAvailable' && deadlineAt(deployment, current, now) <= now) {
    return say('False', 'ProgressDeadlineExceeded', `ReplicaSet "${name}" has timed out progressing.`);
  }
  return current;
}

function hasProgressed(before: DeploymentStatus | undefined, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus | undefined): number =>
    (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before?.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before?.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before?.availableReplicas ?? 0)
  );
}

/** All desired pods run the current template and are available, and no other pod exists. */
export function isComplete(deployment: Deployment, status: DeploymentStatus | undefined = deployment.status): boolean {
  const want = sizeOf(deployment);
  return (
    (status?.updatedReplicas ?? 0) === want &&
    (status?.replicas ?? 0) === want &&
    (status?.availableReplicas ?? 0) === want &&
    isObserved(deployment, status)
  );
}

/** Milliseconds until the rollout exceeds its progress deadline; undefined when no deadline applies. */
export function deadlineInMs(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const progressing = conditionOf(status, 'Progressing');
  if (deployment.spec?.paused === true || progressing === undefined || progressing.status === 'False') return undefined;
  if (isComplete(deployment, status) || progressing.reason === 'NewReplicaSetAvailable') return undefined;
  return Math.max(1, deadlineAt(deployment, progressing, now) - now);
}

/** When the rollout exceeds its progress deadline unless it progresses; milliseconds since the epoch. */
function deadlineAt({ spec }: Deployment, { lastUpdateTime }: DeploymentCondition, now: number): number {
  const updatedAt = parseRfc3339(lastUpdateTime);
  return (Number.isNaN(updatedAt) ? now : updatedAt) + (spec?.progressDeadlineSeconds ?? 600) * 1000;
}

/** Keeps the current condition if status and reason are the same, and its transition time if the status is the same. */
export function updatedCondition(
  current: DeploymentCondition | undefined,
  now: number,
  next: Omit<DeploymentCondition, 'lastTransitionTime' | 'lastUpdateTime'>,
): DeploymentCondition {
  if (current !== undefined && current.status === next.status && current.reason === next.reason) return current;
  return { ...next, lastUpdateTime: rfc3339(now), lastTransitionTime: transitionTime(current, next.status, now) };
}
