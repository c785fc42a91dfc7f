import type { EventNote } from '../../../contracts/kinds/event/make-event.ts';
import type { Refusal } from '../../kernel/reconcile/refusal.ts';
import { nameOf } from '../shared/object-meta.ts';
import type { DeploymentEffect } from './plan-deployment.ts';
import { CREATE_FAILED, createFailedMessage } from './plan-progressing-condition.ts';
import { sizeOf } from './replica-counts.ts';

/** Events after an effect was accepted: one for each change of a ReplicaSet's size. */
export function successNotes(effect: DeploymentEffect): readonly EventNote[] {
  if (effect.type === 'create-set') return scaled(nameOf(effect.set), 0, sizeOf(effect.set));
  if (effect.type === 'patch-set' && effect.replicas !== undefined)
    return scaled(nameOf(effect.set), sizeOf(effect.set), effect.replicas);
  return [];
}

function scaled(setName: string, from: number, to: number): readonly EventNote[] {
  const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${setName} from ${from} to ${to}`;
  return from === to ? [] : [{ type: 'Normal', reason: 'ScalingReplicaSet', message }];
}

/** Empty for a rejection that a retry may overcome: a conflict, an api-server that is not there. */
export const failureNotes = (effect: DeploymentEffect, refusal: Refusal): readonly EventNote[] =>
  effect.type === 'create-set' && refusal.retry === 'never'
    ? [{ type: 'Warning', reason: CREATE_FAILED, message: createFailedMessage(nameOf(effect.set), refusal) }]
    : [];
