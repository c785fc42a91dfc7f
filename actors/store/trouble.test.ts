import { expect, it } from 'vitest';
import { StatusError, type StatusReason, statusError } from '../../contracts/errors/status.ts';
import { type Sort, Trouble } from './trouble.ts';

const ended = async (trouble: Trouble, sort: Sort, reason?: StatusReason, cause?: Error): Promise<void> => {
  const error = new StatusError(statusError(reason ?? 'Timeout', `a ${reason}`).status, { cause });
  await trouble.of(sort, reason === undefined ? Promise.resolve() : Promise.reject(error)).catch(() => undefined);
};

it.each<{ why: string; reason?: StatusReason; cause?: Error; stays: boolean }>([
  { why: 'success', stays: false },
  { why: 'somebody wrote first', reason: 'Conflict', stays: false },
  { why: 'it is there', reason: 'AlreadyExists', stays: false },
  { why: 'too large for the store', reason: 'RequestEntityTooLarge', cause: new Error('10054'), stays: false },
  { why: 'too large to be sent', reason: 'RequestEntityTooLarge', stays: true },
  { why: 'a fault of ours', reason: 'InternalError', stays: true },
  { why: 'no answer again', reason: 'Timeout', stays: true },
])('after no answer, $why: does the alarm stay?', async ({ reason, cause, stays }) => {
  const trouble = new Trouble();
  await ended(trouble, 'write', 'Timeout');
  await ended(trouble, 'read', reason, cause);
  expect(trouble.now).toMatch(/^writes get no answer/); // each sort by itself
  await ended(trouble, 'write', reason, cause);
  await ended(trouble, 'read');
  expect(trouble.now !== undefined).toBe(stays);
});
