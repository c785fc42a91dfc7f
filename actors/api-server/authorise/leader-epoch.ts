import { statusError } from '../../../contracts/errors/status.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { quotable } from '../../../contracts/printable.ts';
import { EPOCHS, storeKey } from '../../../contracts/store/keys.ts';
import type { Call, View } from '../../kernel/contract.ts';
import { badRequest } from '../api-errors.ts';

/**
 * Rejects requests of a former leader: one that was paused while another instance took over.
 * @throws StatusError Conflict when the request's epoch is older than the newest in the view
 */
export function checkEpoch(call: Call, view: View): void {
  const header = call.headers[HEADER.epoch];
  if (header === undefined) return;
  const [, actor = '', digits = ''] = /^(.+):(\d{1,15})$/.exec(header) ?? [];
  if (actor === '')
    throw badRequest(`header ${HEADER.epoch}: "${quotable(header)}" does not have the form <actor>:<epoch>`);
  const newest = view.revisionOf(storeKey(EPOCHS, undefined, actor));
  if (Number(digits) >= newest) return;
  throw statusError(
    'Conflict',
    `stale epoch: ${actor} ${digits} was followed by ${newest}; this instance must stand by`,
  );
}
