import type { DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { conditionOf } from '../../../contracts/kinds/meta/conditions.ts';
import { type ProgressInput, progressingCondition, updatedCondition } from './plan-progressing-condition.ts';
import { sizeOf, total } from './replica-counts.ts';
import type { RollingLimits } from './rolling-update-limits.ts';

/** What a status is computed from. */
interface StatusInput extends ProgressInput {
  readonly sets: readonly ReplicaSet[];
  readonly limits: RollingLimits;
  readonly collisionCount?: number | undefined;
}

/** The Deployment's status as it should be now. Pure. */
export function deploymentStatus(input: StatusInput): DeploymentStatus {
  const { deployment, newSet, sets, collisionCount } = input;
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
  const ours = [
    availableCondition(input, available),
    progressingCondition(input, counts),
    failureCondition(newSet, sets),
  ];
  const others = (deployment.status?.conditions ?? []).filter(({ type }) => !OURS.has(type));
  return { ...counts, conditions: [...others, ...ours.filter((condition) => condition !== undefined)] };
}

const OURS: ReadonlySet<string> = new Set(['Available', 'Progressing', 'ReplicaFailure']);

/** A ReplicaSet's ReplicaFailure is the Deployment's too; that of the new set takes precedence. */
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

function availableCondition({ deployment, limits, now }: StatusInput, available: number): DeploymentCondition {
  const enough = available >= sizeOf(deployment) - limits.maxUnavailable;
  return updatedCondition(conditionOf(deployment.status, 'Available'), now, {
    type: 'Available',
    status: enough ? 'True' : 'False',
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
  });
}
