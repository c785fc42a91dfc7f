import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import type { Client } from '../../client/client.ts';
import { connectClient } from '../../client/connect.ts';
import { waitForApi } from './wait-for-api.ts';

/* Goal: nobody waits for an api-server in silence. Method: a real nats-server on which none answers. */

let server: TestNatsServer;
let client: Client;
beforeAll(async () => {
  server = await startNatsServer();
  client = await connectClient({ url: server.url, user: 'operator' });
});
afterAll(async () => {
  await client.close();
  await server.stop();
});

const master = (failures: number) => ({ failures: () => failures, lastLine: () => 'stream not found' });

it('says what it waits for, with the last words of the master and where its log is, as long as it waits', async () => {
  const said: string[] = [];
  const stop = new AbortController();
  const how = { tracked: master(0), logFile: '/home/logs/master.log', say: (text: string) => void said.push(text) };
  const waiting = waitForApi(client, { ...how, reportEveryMs: 20, signal: stop.signal });
  const broken = expect(waiting).rejects.toThrow('the start was cancelled');
  await waitUntil('it is told of twice', 10_000, () => said.length > 1);
  stop.abort();
  await broken;
  expect(said[0]).toMatch(
    /^waiting for an api-server to answer, \d+ s so far; the master's last line: stream not found; its log is \/home\/logs\/master\.log$/,
  );
});

it('gives up when the master keeps ending, and says where to look', async () => {
  const how = { tracked: master(6), logFile: '/home/logs/master.log', say: () => undefined };
  await expect(waitForApi(client, how)).rejects.toThrow(
    'the master does not start: stream not found; its log is /home/logs/master.log',
  );
});
