import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { conditionOf, transitionTime } from '../../../contracts/kinds/meta/conditions.ts';
import { parseRfc3339, rfc3339 } from '../../../contracts/time/rfc3339.ts';
import type { Refusal } from '../../kernel/reconcile/refusal.ts';
import { nameOf } from '../shared/object-meta.ts';
import { describeRefusal, SET_REFUSED } from './deployment-events.ts';
import { isSeen, sizeOf, total } from './plan-proportional-scaling.ts';
import type { RollingLimits } from './rolling-update-limits.ts';

/** What a status is computed from. */
export interface Seen {
  readonly deployment: Deployment;
  readonly newSet: ReplicaSet | undefined;
  readonly sets: readonly ReplicaSet[];
  readonly limits: RollingLimits;
  /** Name of a set that this very plan creates. */
  readonly creating?: string | undefined;
  readonly collisionCount?: number | undefined;
  /** What ended the last attempt. */
  readonly refused?: Refusal | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function deploymentStatus(seen: Seen): DeploymentStatus {
  const { deployment, newSet, sets, collisionCount } = seen;
  const available = total(sets, (set) => set.status?.availableReplicas ?? 0);
  const terminating = total(sets, (set) => set.status?.terminatingReplicas ?? 0);
  const generation = deployment.metadata?.generation;
  const counts: DeploymentStatus = {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    replicas: total(sets, (set) => set.status?.replicas ?? 0),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: total(sets, (set) => set.status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, total(sets, sizeOf) - available),
    terminatingReplicas: terminating,
    ...(collisionCount === undefined ? {} : { collisionCount }),
  };
  const ours = [availableCondition(seen, available), progressCondition(seen, counts), failureCondition(newSet, sets)];
  const others = (deployment.status?.conditions ?? []).filter(({ type }) => !OURS.has(type));
  return { ...counts, conditions: [...others, ...ours.filter((condition) => condition !== undefined)] };
}

const OURS: ReadonlySet<string> = new Set(['Available', 'Progressing', 'ReplicaFailure']);

/** What keeps a set from its size is the Deployment's trouble too; today's set comes first. */
function failureCondition(
  newSet: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
): DeploymentCondition | undefined {
  const failures = [...(newSet === undefined ? [] : [newSet]), ...sets].flatMap(
    ({ status }) => conditionOf(status, 'ReplicaFailure') ?? [],
  );
  const [failure] = failures;
  if (failure === undefined) return undefined;
  const { lastTransitionTime } = failure;
  return { ...failure, ...(lastTransitionTime === undefined ? {} : { lastUpdateTime: lastTransitionTime }) };
}

/** Everything wanted runs today's template, is available, and nothing else runs. */
export function isComplete(deployment: Deployment, status: DeploymentStatus | undefined = deployment.status): boolean {
  const want = sizeOf(deployment);
  return (
    (status?.updatedReplicas ?? 0) === want &&
    (status?.replicas ?? 0) === want &&
    (status?.availableReplicas ?? 0) === want &&
    isSeen(deployment, status)
  );
}

/** Milliseconds until a rollout that stands still has to be called timed out; undefined when there is nothing to wait for. */
export function deadlineInMs(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const progressing = conditionOf(status, 'Progressing');
  if (deployment.spec?.paused === true || progressing === undefined || progressing.status === 'False') return undefined;
  if (isComplete(deployment, status) || progressing.reason === 'NewReplicaSetAvailable') return undefined;
  return Math.max(1, deadlineAt(deployment, progressing, now) - now);
}

/** When a rollout that stands still has taken too long; milliseconds since the epoch. */
function deadlineAt({ spec }: Deployment, { lastUpdateTime }: DeploymentCondition, now: number): number {
  const updatedAt = parseRfc3339(lastUpdateTime);
  return (Number.isNaN(updatedAt) ? now : updatedAt) + (spec?.progressDeadlineSeconds ?? 600) * 1000;
}

function availableCondition({ deployment, limits, now }: Seen, available: number): DeploymentCondition {
  const enough = available >= sizeOf(deployment) - limits.maxUnavailable;
  return settle(conditionOf(deployment.status, 'Available'), now, {
    type: 'Available',
    status: enough ? 'True' : 'False',
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
  });
}

function progressCondition(seen: Seen, counts: DeploymentStatus): DeploymentCondition | undefined {
  const { deployment, newSet, creating, refused, now } = seen;
  const current = conditionOf(deployment.status, 'Progressing');
  const say = (status: string, reason: string, message: string): DeploymentCondition =>
    settle(current, now, { type: 'Progressing', status, reason, message });
  const paused = deployment.spec?.paused === true;
  if (paused) return say('Unknown', 'DeploymentPaused', 'Deployment is paused');
  const resumed = current?.reason === 'DeploymentPaused';
  const name = newSet === undefined ? (creating ?? nameOf(deployment)) : nameOf(newSet);
  if (creating !== undefined && refused?.say === 'create' && refused.retry === 'never')
    return say('False', SET_REFUSED, describeRefusal(creating, refused));
  if (creating !== undefined) return say('True', 'NewReplicaSetCreated', `Created new replica set "${creating}"`);
  if (current?.reason === 'NewReplicaSetAvailable' && counts.replicas === counts.updatedReplicas) {
    return current; // complete once, complete until the next template: a lost pod is no rollout
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

/** A condition keeps its times while it says the same, and the time of its transition while its status is the same. */
function settle(
  current: DeploymentCondition | undefined,
  now: number,
  next: Omit<DeploymentCondition, 'lastTransitionTime' | 'lastUpdateTime'>,
): DeploymentCondition {
  if (current !== undefined && current.status === next.status && current.reason === next.reason) return current;
  return { ...next, lastUpdateTime: rfc3339(now), lastTransitionTime: transitionTime(current, next.status, now) };
}
