import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectAs, startNatsServer, type TestNatsServer } from '../../test/support/nats-server.ts';
import { RetryingRequests } from './retrying-requests.ts';

let server: TestNatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(async () => {
  await server.stop();
});

it('what was asked while the connection was away is asked again as soon as it is back', async () => {
  const connection = await connectAs(server, undefined, { maxReconnectAttempts: -1, reconnectTimeWait: 20 });
  const requests = new RetryingRequests(connection);
  void requests.followConnection();
  const askedAt: number[] = [];
  const ask = () =>
    requests.request<{ readonly streams: number }>('ask', 10_000, () => {
      askedAt.push(performance.now());
      return { subject: '$JS.API.INFO' };
    });
  await ask();
  const seen = connection.status()[Symbol.asyncIterator]();
  const next = async (type: string): Promise<number> => {
    for (;;) if ((await seen.next()).value?.type === type) return performance.now();
  };
  const away = next('disconnect');
  await server.kill9();
  await away;
  const answered = ask();
  const back = next('reconnect');
  await server.restart();
  const backAt = await back;
  await answered;
  // An attempt waits two seconds for an answer that cannot come.
  expect((askedAt.at(-1) ?? Number.NaN) - backAt).toBeLessThan(1_000);
  await connection.close();
});
