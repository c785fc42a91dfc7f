import { NOTE_MAX } from '../../../contracts/kinds/event/make-event.ts';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { unmetOfPod } from '../../../contracts/kinds/pod-template/not-acted-upon.ts';
import type { PodNote } from '../pods/pod-types.ts';

const AND_MORE = ' and 9999999 more'.length;

/** Names what a pod asks for and does not get, so that nobody finds out by an outage. Pure. */
export function notActedUponNote(pod: Pod | undefined): readonly PodNote[] {
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
