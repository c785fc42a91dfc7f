import { expect, it, vi } from 'vitest';
import { StatusError, type StatusReason, statusError } from '../../contracts/errors/status.ts';
import { Undecided } from './key-writer.ts';
import { type Operation, StoreHealth } from './store-health.ts';

const ended = async (health: StoreHealth, sort: Operation, reason?: StatusReason, cause?: Error): Promise<void> => {
  const error = new StatusError(statusError(reason ?? 'Timeout', `a ${reason}`).status, { cause });
  await health.track(sort, reason === undefined ? Promise.resolve() : Promise.reject(error)).catch(() => undefined);
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
  const health = new StoreHealth();
  await ended(health, 'write', 'Timeout');
  await ended(health, 'read', reason, cause);
  expect(health.alarm).toMatch(/^writes get no answer/); // each sort by itself
  await ended(health, 'write', reason, cause);
  await ended(health, 'read');
  expect(health.alarm !== undefined).toBe(stays);
});

it('a write of which the store cannot say whether it was stored raises no alarm, and takes one back: the store answered', async () => {
  const health = new StoreHealth();
  const undecided = (): Promise<void> =>
    health
      .track('write', Promise.reject(new Undecided(statusError('Timeout', 'read it').status)))
      .catch(() => undefined);
  await undecided();
  expect(health.alarm).toBeUndefined();
  await ended(health, 'write', 'Timeout');
  await undecided();
  expect(health.alarm).toBeUndefined();
});

it('a slow call that fails raises no alarm where one that began after it was answered', async () => {
  const health = new StoreHealth();
  const later: ((error: Error) => void)[] = [];
  const slow = (): Promise<void> =>
    health.track('write', new Promise<never>((_, reject) => later.push(reject))).catch(() => undefined);
  const failing = slow();
  await ended(health, 'write');
  const afterwards = slow();
  const fail = (): void => later.shift()?.(statusError('Timeout', 'none'));
  fail();
  await failing;
  expect(health.alarm).toBeUndefined();
  fail();
  await afterwards;
  expect(health.alarm).toMatch(/^writes get no answer/);
});

it('an alarm says how old its finding is, and is told for five minutes where nothing follows', async () => {
  const clock = vi.spyOn(performance, 'now').mockReturnValue(1_000);
  const health = new StoreHealth();
  await ended(health, 'write', 'Timeout', new Error('no responders'));
  clock.mockReturnValue(41_000);
  expect(health.alarm).toMatch(/^writes get no answer from the store \(last error: no responders, 40 s ago\); check/);
  clock.mockReturnValue(301_001);
  expect(health.alarm).toBeUndefined();
  clock.mockRestore();
});
