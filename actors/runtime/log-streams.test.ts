import { expect, it } from 'vitest';
import type { LogLine, LogLines } from '../../contracts/messages/logs.ts';
import type { RuntimeAdapter } from '../../contracts/runtime/adapter.ts';
import { LogStreams } from './log-streams.ts';

it('a message stays small however many empty lines come at once', async () => {
  const all = 25_000;
  const line: LogLine = { stream: 'stdout', time: '2026-11-24T10:00:00.000000001Z', text: '' };
  const followLogs = async (_id: string, _from: unknown, onLine: (line: LogLine) => void): Promise<void> => {
    for (let at = 0; at < all; at += 1) onLine(line);
  };
  const published: LogLines[] = [];
  const streams = new LogStreams({
    adapter: { followLogs } as unknown as RuntimeAdapter,
    publish: (_source, lines) => void published.push(lines),
    report: (_key, error) => expect.unreachable(String(error)),
  });
  streams.extend({ id: 'c', pod: { uid: 'u', namespace: 'team', name: 'web' }, name: 'main' }, undefined);
  await streams.stop();
  expect(published.flatMap(({ lines }) => lines)).toHaveLength(all);
  expect(Math.max(...published.map((each) => JSON.stringify(each).length))).toBeLessThan(256 * 1024);
});
