import type { EventNote } from '../../../contracts/kinds/event/make-event.ts';
import type { Refusal } from '../../kernel/reconcile/refusal.ts';
import { nameOf } from '../shared/object-meta.ts';
import type { DeploymentEffect } from './plan-deployment.ts';
import { sizeOf } from './plan-proportional-scaling.ts';

export const SET_REFUSED = 'ReplicaSetCreateError';
export const describeRefusal = (setName: string, { message }: Refusal): string =>
  `Failed to create new replica set "${setName}": ${message}`;

/** What is told once the effect has been granted: sizes alone are worth it. */
export function notesOfGranted(effect: DeploymentEffect): readonly EventNote[] {
  if (effect.type === 'create-set') return resized(nameOf(effect.set), 0, sizeOf(effect.set));
  if (effect.type === 'patch-set' && effect.replicas !== undefined)
    return resized(nameOf(effect.set), sizeOf(effect.set), effect.replicas);
  return [];
}

function resized(setName: string, from: number, to: number): readonly EventNote[] {
  const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${setName} from ${from} to ${to}`;
  return from === to ? [] : [{ type: 'Normal', reason: 'ScalingReplicaSet', message }];
}

/** None for a refusal that the next attempt may well not meet: a lost race, an api-server away. */
export const notesOfRefused = (effect: DeploymentEffect, refusal: Refusal): readonly EventNote[] =>
  effect.type === 'create-set' && refusal.retry === 'never'
    ? [{ type: 'Warning', reason: SET_REFUSED, message: describeRefusal(nameOf(effect.set), refusal) }]
    : [];
