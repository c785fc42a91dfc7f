import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectAs, startNatsServer, type TestNatsServer } from './nats-server.ts';

let server: TestNatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

it('keeps acknowledged messages and its port over a SIGKILL', async () => {
  const before = await connectAs(server);
  const manager = await jetstreamManager(before);
  await manager.streams.add({ name: 'kept', subjects: ['kept.>'] });
  await jetstream(before).publish('kept.a', 'one');
  await before.close();
  const { url, pid } = server;
  await server.kill9();
  await server.restart();
  expect(server.url).toBe(url);
  expect(server.pid).not.toBe(pid);
  const after = await connectAs(server);
  const info = await (await jetstreamManager(after)).streams.info('kept');
  expect(info.state.messages).toBe(1);
  await after.close();
});

it('knows users by password', async () => {
  const closed = await startNatsServer({
    jetstream: false,
    config: 'authorization { users: [{ user: alice, password: "open sesame" }] }',
  });
  const alice = await connectAs(closed, { name: 'alice', password: 'open sesame' });
  await alice.flush();
  await alice.close();
  await expect(connectAs(closed, { name: 'alice', password: 'wrong' })).rejects.toThrow();
  await closed.stop();
});
