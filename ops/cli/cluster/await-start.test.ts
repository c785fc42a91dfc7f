import { expect, it } from 'vitest';
import { awaitStart } from './await-start.ts';

const never = new Promise<string>(() => undefined);

it('is what was begun, also when it comes within the grace', async () => {
  const stop = new AbortController();
  expect(await awaitStart(Promise.resolve('it'), stop.signal, 60_000)).toBe('it');
  let come: (it: string) => void = () => undefined;
  const late = new Promise<string>((resolve) => {
    come = resolve;
  });
  const waiting = awaitStart(late, stop.signal, 60_000);
  stop.abort();
  come('late');
  expect(await waiting).toBe('late');
});

it('is nothing when it never comes and somebody said to stop', async () => {
  const stop = new AbortController();
  const waiting = awaitStart(never, stop.signal, 5);
  stop.abort();
  expect(await waiting).toBeUndefined();
});

it('says why it cannot be', async () => {
  const broken = Promise.reject(new Error('no key'));
  await expect(awaitStart(broken, new AbortController().signal, 5)).rejects.toThrow('no key');
});
