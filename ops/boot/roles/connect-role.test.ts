import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { connectRole } from './role-connection.ts';
import { roleFromEnv } from './role-options.ts';

let server: TestNatsServer;
beforeAll(async () => {
  server = await startNatsServer({ jetstream: false });
});
afterAll(() => server.stop());

it('waits for a server that is not there yet, and says so once', async () => {
  const told: string[] = [];
  await server.kill9();
  const role = { url: server.url, prefix: 'troupe', user: 'node-a', instance: 'a', record: false };
  const connecting = connectRole('worker', { ...role, log: (line) => told.push(line) });
  await waitUntil('the first refusal is told', 10_000, () => told.length > 0);
  await server.restart();
  const connection = await connecting;
  await connection.close();
  expect(told.filter((line) => line.includes('retrying'))).toEqual([
    `warning: nats-server at ${server.url} cannot be reached; start it with "troupe up" or check TROUPE_URL; retrying`,
  ]);
});

it('a server that is too old is refused, and one that takes small messages told of', async () => {
  const greet = { version: '2.11.9', max_payload: 8 << 20 };
  const old = createServer((socket) => {
    socket.on('error', () => undefined).on('data', () => socket.write('PONG\r\n'));
    socket.write(`INFO ${JSON.stringify(greet)}\r\n`);
  });
  await new Promise<void>((listening) => old.listen(0, '127.0.0.1', listening));
  const url = `nats://127.0.0.1:${(old.address() as AddressInfo).port}`;
  const told: string[] = [];
  const role = { url, prefix: 'troupe', user: 'master', instance: 'a', record: false };
  const connecting = (): ReturnType<typeof connectRole> =>
    connectRole('master', { ...role, log: (line) => told.push(line) });
  await expect(connecting()).rejects.toThrow(`nats-server at ${url} is 2.11.9, older than 2.12.6; run `);
  Object.assign(greet, { version: '2.15.0', max_payload: 1 << 20 });
  await (await connecting()).close();
  expect(told).toEqual([expect.stringContaining('accepts messages of at most 1.0 MiB')]);
  old.close();
});

it.each([
  { why: 'no address', env: {}, says: /TROUPE_URL is not set/ },
  {
    why: 'a seed that is not there',
    env: { TROUPE_URL: 'nats://127.0.0.1:4222', TROUPE_NKEY: '/no/such.nk' },
    says: /TROUPE_NKEY is \/no\/such\.nk, which cannot be read/,
  },
  {
    why: 'a seed that is none',
    env: { TROUPE_URL: 'nats://127.0.0.1:4222', TROUPE_NKEY: '/dev/null' },
    says: /TROUPE_NKEY is \/dev\/null, which does not hold an nkey seed/,
  },
])('$why is refused', ({ env, says }) => {
  expect(() => roleFromEnv('worker', env, () => undefined)).toThrow(says);
});
