import { statusError } from '../../../contracts/errors/status.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { quotable } from '../../../contracts/printable.ts';
import { EPOCHS, storeKey } from '../../../contracts/store/keys.ts';
import type { Call, View } from '../../kernel/contract.ts';
import { badRequest } from '../api-errors.ts';

/**
 * Refuses what a paused leader still says after another took over.
 * @throws StatusError Conflict when the message's epoch is older than the newest that the view knows
 */
export function checkEpoch(call: Call, view: View): void {
  const header = call.headers[HEADER.epoch];
  if (header === undefined) return;
  const [, actor = '', digits = ''] = /^(.+):(\d{1,15})$/.exec(header) ?? [];
  if (actor === '') throw badRequest(`header ${HEADER.epoch}: "${quotable(header)}" is not <actor>:<epoch>`);
  const newest = view.revisionOf(storeKey(EPOCHS, undefined, actor));
  if (Number(digits) >= newest) return;
  throw statusError(
    'Conflict',
    `stale epoch: ${actor} ${digits} was followed by ${newest}; this instance must stand by`,
  );
}
