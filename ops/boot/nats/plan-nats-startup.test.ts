import { expect, it } from 'vitest';
import { describeNatsStartup, planNatsStartTimeout, streamsBeingRead } from './plan-nats-startup.ts';

it('is more patient with a store that takes longer to read', () => {
  expect(planNatsStartTimeout(0)).toBe(20_000);
  expect(planNatsStartTimeout(4 * 2 ** 30)).toBe(20_000 + 410_000);
});

it('names the streams that a server has begun to restore and not ended with', () => {
  const written = `
[7] 2026/11/28 18:02:31.365233 [INF]   Starting restore for stream '$G > troupe-history'
[7] 2026/11/28 18:02:31.375069 [INF]   Restored 1,347 messages for stream '$G > troupe-history' in 6ms
[7] 2026/11/28 18:02:31.375362 [INF]   Starting restore for stream '$G > troupe-journal'
`;
  expect(streamsBeingRead(written)).toEqual(['troupe-journal']);
  expect(streamsBeingRead('')).toEqual([]);
});

it.each([
  [[], 'waiting for nats-server to read its store, 10 s so far; its last line: nothing'],
  [['a', 'b'], 'waiting for nats-server to read its store (a, b), 10 s so far; its last line: nothing'],
])('tells who waits what it reads: %j', (streams, text) => {
  expect(describeNatsStartup(10_049, streams, 'nothing')).toBe(text);
});
