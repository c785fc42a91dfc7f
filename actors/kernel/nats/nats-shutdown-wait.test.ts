import { afterEach, expect, it } from 'vitest';
import { connectAs, startNatsServer } from '../../../test/support/nats-server.ts';
import { startTcpProxy } from '../../../test/support/tcp-proxy.ts';
import { ShutdownWait } from './nats-shutdown-wait.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const never = new Promise<never>(() => undefined);

it('who waits for a broker that is silent waits for it once, until it is heard again', {
  timeout: 20_000,
}, async () => {
  const server = await startNatsServer({ jetstream: false });
  ends.push(() => server.stop());
  const proxy = await startTcpProxy(server.port);
  ends.push(() => proxy.close());
  const connection = await connectAs({ ...server, url: `nats://127.0.0.1:${proxy.port}` });
  ends.push(() => connection.close());
  const reach = new ShutdownWait(connection);
  const waitedMs = async (): Promise<number> => {
    const since = performance.now();
    await reach.soon(never);
    return performance.now() - since;
  };
  const patienceMs = 1_900; // timers may be early by a little
  expect(await waitedMs()).toBeGreaterThan(patienceMs); // it answers, whatever else is waited for
  proxy.freeze();
  expect(await waitedMs()).toBeGreaterThan(patienceMs);
  expect(await waitedMs()).toBeLessThan(patienceMs);
  proxy.thaw();
  await connection.flush();
  expect(await waitedMs()).toBeGreaterThan(patienceMs);
});
