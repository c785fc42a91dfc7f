import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silent } from '../../../test/support/command-line.ts';
import { aborted } from '../../client/abort.ts';
import { type ClusterWait, withClusterWait } from './wait-for-cluster.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A command that follows something until it is told to end, and a connection that is lost and made by hand. */
function follow(heeds = true) {
  const told: string[] = [];
  const ctrlC = new AbortController();
  const connection = { lose: () => undefined as void, make: () => undefined as void };
  const client = {
    url: 'nats://a:4222',
    onDisconnected: (listener: () => void) => {
      connection.lose = listener;
      return () => undefined;
    },
    onReconnected: (listener: () => void) => {
      connection.make = listener;
      return () => undefined;
    },
  };
  let patience: ClusterWait | undefined;
  const terminal = { ...silent, tell: (line: string) => void told.push(line), signal: ctrlC.signal };
  const ended = withClusterWait(client, terminal, async (given) => {
    patience = given;
    await (heeds ? aborted(given.signal) : new Promise(() => undefined));
  }).then(
    () => 'ended',
    (error: Error) => error.message,
  );
  if (patience === undefined) expect.unreachable('the work begins at once');
  return { told, ctrlC, connection, ended, patience };
}

const LOST = 'the connection to nats-server at nats://a:4222 is lost; waiting up to 60 s for an answer, Ctrl-C ends';

it('gives up after a minute without an answer, and says what to do', async () => {
  const { told, connection, ended, patience } = follow();
  connection.lose();
  await vi.advanceTimersByTimeAsync(59_999);
  expect(patience.signal.aborted).toBe(false);
  connection.make(); // nats-server is there, and nobody answers
  patience.lost('no api-server is listening on x; start one');
  await vi.advanceTimersByTimeAsync(1);
  expect(await ended).toBe(
    'the connection to nats-server at nats://a:4222 is lost, for 60 s now; look at "troupe status", or start the cluster with "troupe up", then repeat this command',
  );
  expect(told).toEqual([LOST]);
});

it('has patience anew once something was heard', async () => {
  const { told, ctrlC, connection, ended, patience } = follow();
  patience.heard();
  expect(told).toEqual([]);
  connection.lose();
  patience.heard(); // what had come before
  expect(told).toEqual([LOST]);
  connection.make();
  patience.heard();
  patience.heard();
  expect(told).toEqual([LOST, 'the cluster answers again']);
  await vi.advanceTimersByTimeAsync(60_000);
  patience.lost('no answer on x within 15000 ms; see "troupe status" and try again');
  expect(told.slice(2)).toEqual(['no answer on x within 15000 ms; waiting up to 60 s for an answer, Ctrl-C ends']);
  await vi.advanceTimersByTimeAsync(59_999);
  expect(patience.signal.aborted).toBe(false);
  ctrlC.abort();
  expect(await ended).toBe('exit 130');
});

it('does not wait for a question that is still open, neither after a minute nor after Ctrl-C', async () => {
  const one = follow(false);
  one.ctrlC.abort();
  expect(await one.ended).toBe('exit 130');
  const other = follow(false);
  other.connection.lose();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await other.ended).toMatch(/, for 60 s now; /);
});
