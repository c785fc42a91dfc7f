import type { EventNote } from '../../../contracts/kinds/event/make-event.ts';
import type { Refusal } from '../../kernel/reconcile/refusal.ts';
import { nameOf } from '../shared/object-meta.ts';
import type { PodChange } from './plan-replica-set.ts';
import { FAILURE_REASON } from './replica-failure-condition.ts';

export const successNote = ({ type, pod }: PodChange): EventNote =>
  type === 'create'
    ? { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${nameOf(pod)}` }
    : { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${nameOf(pod)}` };

/** Empty for a rejection that a retry may overcome: a conflict, an api-server that is not there. */
export const failureNotes = ({ type }: PodChange, { message, retry }: Refusal): readonly EventNote[] =>
  retry === 'never'
    ? [{ type: 'Warning', reason: FAILURE_REASON[type], message: `Error ${type.slice(0, -1)}ing: ${message}` }]
    : [];
