import { connect as dial, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNatsServer, type TestNatsServer } from '../../test/support/nats-server.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { connectRole } from './role.ts';

let server: TestNatsServer;
beforeAll(async () => {
  server = await startNatsServer({});
});
afterAll(async () => {
  await server.stop();
});

it('a connection that is lost while it is made is made again soon', async () => {
  let made = 0;
  const sockets = new Set<Socket>();
  const between = createServer((near) => {
    made += 1;
    const far = dial(server.port, '127.0.0.1');
    for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined));
    far.pipe(near);
    if (made === 2)
      near.once('data', () => near.destroy()); // it says who it is, and is cut off
    else near.pipe(far);
  });
  await new Promise<void>((listening) => between.listen(0, '127.0.0.1', listening));
  const { port } = between.address() as AddressInfo;
  const connection = await connectRole('worker', {
    url: `nats://127.0.0.1:${port}`,
    prefix: 'troupe',
    user: 'u',
    instance: 'one',
    record: false,
    log: () => undefined,
  });
  for (const socket of sockets) socket.destroy();
  await waitUntil('the second connection was cut', 5_000, () => made === 2);
  await waitUntil('the third one', 10_000, () => made === 3); // the client itself waits twenty seconds
  await connection.flush();
  expect(made).toBe(3);
  await connection.close();
  between.close();
}, 20_000);
