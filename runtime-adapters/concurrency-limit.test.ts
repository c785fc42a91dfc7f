import { expect, it } from 'vitest';
import { limitConcurrency, singleFlight } from './concurrency-limit.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('runs so many at once, in order, and goes on after a failure', async () => {
  const limit = limitConcurrency(2);
  const began: number[] = [];
  const doors: (() => void)[] = [];
  const all = [0, 1, 2, 3].map((n) =>
    limit(async () => {
      began.push(n);
      await new Promise<void>((resolve) => doors.push(resolve));
      if (n === 0) throw new Error('deliberate');
      return n;
    }),
  );
  const outcomes = Promise.allSettled(all);
  await turn();
  expect(began).toEqual([0, 1]);
  doors[0]?.();
  await turn();
  expect(began).toEqual([0, 1, 2]);
  for (let at = 1; at < 4; at += 1) {
    doors[at]?.();
    await turn();
  }
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
});

it('lets nobody in between one that ends and one that waits', async () => {
  const limit = limitConcurrency(1);
  let [running, most] = [0, 0];
  const work = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await turn();
    running -= 1;
  };
  const door = turn();
  const first = limit(() => door);
  const second = limit(work);
  // Others come at every step between the end of the first and the moment at which the second wakes.
  const comers = Array.from({ length: 12 }, async (_, steps) => {
    await door;
    for (let step = 0; step < steps; step += 1) await Promise.resolve();
    await limit(work);
  });
  await Promise.all([first, second, ...comers]);
  expect(most).toBe(1);
});

it('refuses what would wait too long', async () => {
  const limit = limitConcurrency(1, 1);
  let open = (): void => undefined;
  const first = limit(() => new Promise<void>((resolve) => (open = resolve)));
  const second = limit(() => Promise.resolve());
  await expect(limit(() => Promise.resolve())).rejects.toMatchObject({ reason: 'TooManyRequests' });
  open();
  await Promise.all([first, second]);
});

it('shares a flight, success or failure, and starts anew after it', async () => {
  const once = singleFlight<number>();
  let flights = 0;
  const fly = (): Promise<number> => once('key', () => Promise.resolve(++flights));
  expect(await Promise.all([fly(), fly()])).toEqual([1, 1]);
  expect(await fly()).toBe(2);
  const fail = (): Promise<number> => once('key', () => Promise.reject(new Error('deliberate')));
  await expect(Promise.all([fail(), fail()])).rejects.toThrow('deliberate');
  expect(await fly()).toBe(3);
});
