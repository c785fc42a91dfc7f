import { NOTE_MAX } from '../../../contracts/kinds/event/make-event.ts';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { unmetOfPod } from '../../../contracts/kinds/pod-template/not-acted-upon.ts';
import type { PodNote } from '../pods/pod-types.ts';

const AND_MORE = ' and 9999999 more'.length;

/** A NotActedUpon event that lists the fields of the pod's spec that are accepted and have no effect yet. Pure. */
export function notActedUponEvent(pod: Pod | undefined): readonly PodNote[] {
  const unmet = unmetOfPod(pod?.spec);
  if (unmet.length === 0) return [];
  let message = 'Not acted upon yet:';
  for (const [index, { path, instead }] of unmet.entries()) {
    const next = `${index === 0 ? '' : ','} spec.${path} (${instead})`;
    if (message.length + next.length > NOTE_MAX - AND_MORE) {
      message += ` and ${unmet.length - index} more`;
      break;
    }
    message += next;
  }
  return [{ type: 'Warning', reason: 'NotActedUpon', message }];
}
