import { afterEach, expect, it, vi } from 'vitest';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { startTcpProxy } from '../../test/support/tcp-proxy.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { connectAs } from '../client/connect.ts';
import { connectRole } from './role.ts';

/* Goal: who set the clock back, as a time server does after a boot, has a cluster that survives the next restart of nats-server. */

afterEach(() => void vi.restoreAllMocks());

const who = (url: string) => ({ url, prefix: 'troupe', caller: 'me', inboxPrefix: '_INBOX.me' });
const role = (url: string) => ({
  url,
  prefix: 'troupe',
  user: 'me',
  instance: 'one',
  record: false,
  log: () => undefined,
});

it.each([
  { what: 'a master or worker', connected: (url: string) => connectRole('worker', role(url)) },
  { what: 'a command', connected: async (url: string) => (await connectAs(who(url))).connection },
])('$what connects again at once though the clock was set back by an hour', async ({ connected }) => {
  const server = await startNatsServer({ jetstream: false });
  const proxy = await startTcpProxy(server.port);
  const connection = await connected(`nats://127.0.0.1:${proxy.port}`);
  let back = false;
  void (async () => {
    for await (const { type } of connection.status()) back ||= type === 'reconnect';
  })();
  const wall = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => wall() - 3_600_000);
  proxy.cut();
  await waitUntil('it is back', 5_000, () => back);
  expect(connection.isClosed()).toBe(false);
  await connection.close();
  await proxy.close();
  await server.stop();
});
