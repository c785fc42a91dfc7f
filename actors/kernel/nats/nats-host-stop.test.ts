import { connect, type NatsConnection } from 'nats';
import { expand, ignoreElements, map, NEVER, of, timer } from 'rxjs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { startTcpProxy } from '../../../test/support/tcp-proxy.ts';
import { testHost } from '../../../test/support/test-host.ts';
import { api, calls, defineActor, publish } from '../declare.ts';

/*
 * Goal: who is to stop stops, also while the broker is out of reach: a leader that is cut off must not go on until it is
 * heard again. Method: a proxy that is taken away under an actor that talks without end.
 */

let server: TestNatsServer;
const connections: NatsConnection[] = [];

beforeAll(async () => {
  server = await startNatsServer({});
});
afterAll(async () => {
  for (const connection of connections) await connection.close();
  await server.stop();
});

it('an actor is stopped while the connection is away', async () => {
  const proxy = await startTcpProxy(server.port);
  const connection = await connect({
    servers: `nats://127.0.0.1:${proxy.port}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
  });
  connections.push(connection);
  let turns = 0;
  const recorder = { record: () => void (turns += 1), flush: async () => undefined };
  const host = testHost({ connection, recorder });
  const running = await host.start(
    defineActor({
      name: 'talker',
      hears: { orders: calls(SUBJECTS.apply) },
      says: { tell: publish(SUBJECTS.outcome) },
      behave: (_inputs, world) =>
        of(0).pipe(
          expand(() => timer(5, world.scheduler)),
          map((n) => world.say.tell({ caller: 'me' }, n)),
        ),
    }),
  );
  await vi.waitFor(() => expect(turns).toBeGreaterThan(3), { timeout: 5_000 });
  let away = false;
  void (async () => {
    for await (const { type } of connection.status()) away ||= type === 'disconnect';
  })();
  await proxy.close();
  await vi.waitFor(() => expect(away).toBe(true), { timeout: 5_000 });
  await running.stop(); // the service cannot say goodbye now
  await host.stop();
});

it('what only the broker could say is not waited for while the connection is away', async () => {
  const proxy = await startTcpProxy(server.port);
  const connection = await connect({ servers: `nats://127.0.0.1:${proxy.port}`, maxReconnectAttempts: -1 });
  connections.push(connection);
  const told: string[] = [];
  const host = testHost({
    connection,
    recorder: { record: (_incarnation, { rec }) => void told.push(rec.t), flush: async () => undefined },
  });
  const asker = defineActor({
    name: 'asker',
    hears: { stopping: calls(SUBJECTS.stopping, { fixed: { instance: 'one' } }) },
    says: { secret: api('get', 'secrets') },
    behave: (_inputs, world) =>
      world.ask(world.say.secret({ name: 'x' }), { timeoutMs: 60_000 }).pipe(ignoreElements()),
  });
  const silent = await connect({ servers: server.url });
  connections.push(silent);
  silent.subscribe('troupe.api.>', { callback: () => undefined });
  await silent.flush();
  const [, stopped] = [await host.start(asker), await host.start({ ...asker, name: 'another' })];
  await vi.waitFor(() => expect(told).toEqual(['start', 'start']), { timeout: 5_000 });
  let away = false;
  void (async () => {
    for await (const { type } of connection.status()) away ||= type === 'disconnect';
  })();
  await proxy.close();
  await vi.waitFor(() => expect(away).toBe(true), { timeout: 5_000 });
  vi.useFakeTimers({ toFake: ['setTimeout'] }); // whoever waits for one waits for ever
  try {
    await stopped.stop();
    await host.stop();
  } finally {
    vi.useRealTimers();
  }
});

it('actors that wait for the broker as they stop wait together', async () => {
  const connection = await connect({ servers: server.url });
  connections.push(connection);
  let waiting = 0;
  let most = 0;
  const flush = async (): Promise<void> => {
    most = Math.max(most, ++waiting);
    await new Promise(setImmediate);
    waiting -= 1;
  };
  const host = testHost({ connection, recorder: { record: () => undefined, flush } });
  for (const name of ['a', 'b', 'c']) await host.start(defineActor({ name, hears: {}, says: {}, behave: () => NEVER }));
  await host.stop();
  expect(most).toBe(3);
});
