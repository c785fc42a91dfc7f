import type { EventNote } from '../../../contracts/kinds/event/make-event.ts';
import type { ReplicaSet, ReplicaSetCondition } from '../../../contracts/kinds/kinds.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';
import type { Refusal } from '../../kernel/reconcile/refusal.ts';
import { nameOf } from '../shared/object-meta.ts';
import type { PodMove } from './plan-replica-set.ts';

const FAILURE = 'ReplicaFailure';
const REASON = { create: 'FailedCreate', delete: 'FailedDelete' } as const;

/**
 * Conditions of a set: ReplicaFailure while pods can't be made or deleted. It stays as it was first told until nothing is
 * left to do, so that neither a repeated refusal nor a new leader, who knows of none, writes it anew.
 * @param doing what is to be done to the set's pods
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
  const reason = REASON[doing];
  const known = all.find((condition) => condition.type === FAILURE && condition.reason === reason);
  if (known !== undefined) return [...others, known];
  if (refused?.say !== doing || refused.retry !== 'never') return others;
  const { message } = refused;
  return [...others, { type: FAILURE, status: 'True', reason, message, lastTransitionTime: rfc3339(now) }];
}

export const noteOfGranted = ({ type, pod }: PodMove): EventNote =>
  type === 'create'
    ? { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${nameOf(pod)}` }
    : { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${nameOf(pod)}` };

/** None for a refusal that the next attempt may well not meet: a lost race, an api-server away. */
export const notesOfRefused = ({ type }: PodMove, { message, retry }: Refusal): readonly EventNote[] =>
  retry === 'never'
    ? [{ type: 'Warning', reason: REASON[type], message: `Error ${type.slice(0, -1)}ing: ${message}` }]
    : [];
