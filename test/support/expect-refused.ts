import { expect } from 'vitest';
import { StatusError, type StatusReason } from '../../contracts/errors/status.ts';

/** The request is refused for that reason, in those words. */
export async function expectRefused(
  request: Promise<unknown>,
  reason: StatusReason,
  words: RegExp = /./,
): Promise<void> {
  const outcome = await request.then(
    (answer) => answer,
    (error: unknown) => error,
  );
  if (!(outcome instanceof StatusError)) expect(outcome, 'was not refused').toBeUndefined();
  const { status } = outcome as StatusError;
  expect(`${status.reason}: ${status.message}`).toMatch(new RegExp(`^${reason}: `));
  expect(status.message).toMatch(words);
}
