import { afterEach, expect, it, vi } from 'vitest';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { startTcpProxy, type TcpProxy } from '../../../test/support/tcp-proxy.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { connectAs } from '../../client/connect.ts';
import { connectRole } from './role-connection.ts';

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

const connections = [
  { what: 'a master or worker', connected: (url: string) => connectRole('worker', role(url)) },
  { what: 'a command', connected: async (url: string) => (await connectAs(who(url))).connection },
];

function setClockBack(): void {
  const wall = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => wall() - 3_600_000);
}

it.each(connections)('$what connects again at once though the clock was set back by an hour', async ({ connected }) => {
  const server = await startNatsServer({ jetstream: false });
  const proxy = await startTcpProxy(server.port);
  const connection = await connected(`nats://127.0.0.1:${proxy.port}`);
  let back = false;
  void (async () => {
    for await (const { type } of connection.status()) back ||= type === 'reconnect';
  })();
  setClockBack();
  proxy.cut();
  await waitUntil('it is back', 5_000, () => back);
  expect(connection.isClosed()).toBe(false);
  await connection.close();
  await proxy.close();
  await server.stop();
});

it.each(connections)(
  '$what that reached two servers finds the one that is left',
  { timeout: 30_000 },
  async ({ connected }) => {
    const server = await startNatsServer({ jetstream: false });
    const [one, other] = [await startTcpProxy(server.port), await startTcpProxy(server.port)];
    const connection = await connected([one, other].map(({ port }) => `nats://127.0.0.1:${port}`).join(','));
    const at = (): TcpProxy => (connection.getServer().endsWith(`:${one.port}`) ? one : other);
    let times = 0;
    void (async () => {
      for await (const { type } of connection.status()) if (type === 'reconnect') times += 1;
    })();
    const first = at();
    await waitUntil('it has reached both', 10_000, async () => {
      const before = times;
      at().cut();
      await waitUntil('it is back', 5_000, () => times > before);
      return at() !== first;
    });
    const since = performance.now();
    await waitUntil('it may try at once again', 5_000, () => performance.now() - since > 300);
    setClockBack();
    const [left, lost] = at() === one ? [one, other] : [other, one];
    const before = times;
    await lost.close();
    left.cut();
    await waitUntil('it is back', 20_000, () => times > before);
    await connection.close();
    await left.close();
    await server.stop();
  },
);
