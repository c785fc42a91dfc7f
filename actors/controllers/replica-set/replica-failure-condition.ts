import type { ReplicaSet, ReplicaSetCondition } from '../../../contracts/kinds/kinds.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';
import type { Refusal } from '../../kernel/reconcile/refusal.ts';

const FAILURE = 'ReplicaFailure';
/** Reason of the condition, and of the event, by what failed. */
export const FAILURE_REASON = { create: 'FailedCreate', delete: 'FailedDelete' } as const;

/**
 * A ReplicaSet's conditions: ReplicaFailure while its pods cannot be created or deleted. An existing condition stays as it
 * is until there is nothing left to do, so that neither a repeated rejection nor a new leader, which has seen no rejection
 * yet, writes it again.
 * @param doing what the plan does to the set's pods
 */
export function replicaSetConditions(
  set: ReplicaSet,
  doing: 'create' | 'delete' | undefined,
  now: number,
  refused: Refusal | undefined,
): ReplicaSetCondition[] {
  const all = set.status?.conditions ?? [];
  const others = all.filter(({ type }) => type !== FAILURE);
  if (doing === undefined) return others;
  const reason = FAILURE_REASON[doing];
  const known = all.find((condition) => condition.type === FAILURE && condition.reason === reason);
  if (known !== undefined) return [...others, known];
  if (refused?.say !== doing || refused.retry !== 'never') return others;
  const { message } = refused;
  return [...others, { type: FAILURE, status: 'True', reason, message, lastTransitionTime: rfc3339(now) }];
}
