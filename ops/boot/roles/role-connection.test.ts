import type { AddressInfo } from 'node:net';
import { createServer, connect as dial, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { startTcpProxy } from '../../../test/support/tcp-proxy.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { authorizationBlock, type NatsUser } from '../nats/nats-config.ts';
import { newSeed } from '../users/nkeys.ts';
import { connectRole, leave } from './role-connection.ts';
import type { RoleOptions } from './role-options.ts';

let server: TestNatsServer;
beforeAll(async () => {
  server = await startNatsServer({});
});
afterAll(async () => {
  await server.stop();
});

const ROLE = { prefix: 'troupe', user: 'u', instance: 'one', record: false, log: () => undefined };

/** What a user may who goes by what an older version printed. */
const OLD = { publish: ['old.>'], subscribe: ['old.>'] };

/** A role on a server of its own, which knows its user alone. */
async function connectOwn(
  role: string,
  { user, permissions, ...options }: Partial<RoleOptions> & Pick<NatsUser, 'permissions'> & { readonly user: string },
) {
  const { seed, publicKey } = newSeed();
  const configOf = (more: Partial<NatsUser> = {}): string =>
    authorizationBlock([{ name: user, publicKey, permissions, ...more }]);
  const own = await startNatsServer({ jetstream: false, config: configOf() });
  onTestFinished(() => own.stop());
  const told: string[] = [];
  const log = (line: string): void => void told.push(line);
  const connection = await connectRole(role, { ...ROLE, url: own.url, user, seed, log, ...options });
  onTestFinished(() => connection.close());
  return { own, publicKey, configOf, connection, told };
}

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
  const connection = await connectRole('worker', { ...ROLE, url: `nats://127.0.0.1:${port}` });
  for (const socket of sockets) socket.destroy();
  await waitUntil('the second connection was cut', 5_000, () => made === 2);
  await waitUntil('the third one', 10_000, () => made === 3); // the client itself waits twenty seconds
  await connection.flush();
  expect(made).toBe(3);
  await connection.close();
  between.close();
}, 20_000);

it.each([
  ['master', 'print "troupe permissions" again with this version and reload your server'],
  ['service', 'update the user with "troupe user add shop --actors <file>"'],
])(
  'what a server forbids a %s that goes by what an older version printed is said with what to do',
  async (role, remedy) => {
    const { connection, told } = await connectOwn(role, { user: 'shop', permissions: OLD });
    connection.subscribe('new.status', { callback: () => undefined });
    connection.publish('new.words');
    await waitUntil('both are told', 10_000, () => told.length === 2);
    const why = `its permissions were made for other actors or by another version: ${remedy}`;
    const last = '; if that is not enough, restart this process';
    expect(told.toSorted()).toEqual([
      `error: nats-server does not let user shop publish on new.words; ${why}${last}`,
      `error: nats-server does not let user shop subscribe to new.status; ${why}; this process retries every minute${last}`,
    ]);
  },
);

it('what a process may not say again and again is told once a subject, and then how much it was', async () => {
  const shop = { user: 'shop', permissions: OLD, permissionRetryMs: 300 };
  const { connection, told } = await connectOwn('master', shop);
  const more = (): readonly string[] => told.filter((line) => / more messages? of user /.test(line));
  for (let count = 0; count < 100; count++) connection.publish(`new.words.${count % 50}`);
  await connection.flush();
  const counted = (): number => more().reduce((sum, line) => sum + Number(/refused (\d+) /.exec(line)?.[1] ?? 1), 0);
  await waitUntil('the others are counted', 10_000, () => counted() === 92);
  expect(told.filter((line) => line.includes('does not let user shop publish on'))).toHaveLength(8);
  expect(more().at(-1)).toMatch(
    /^error: nats-server refused (one more message|\d+ more messages) of user shop, the last on new\.words\.49$/,
  );
}, 20_000);

it('who may hear more once the server has read new permissions hears it in the same process', async () => {
  const hearing = (allowed: string) => ({ permissions: { publish: ['>'], subscribe: ['_INBOX.>', allowed] } });
  const master = { user: 'master', ...hearing('old.>'), permissionRetryMs: 50 };
  const { own, configOf, connection, told } = await connectOwn('master', master);
  const heard: string[] = [];
  // As the library of micro services subscribes.
  connection.subscribe('new.status', { queue: '', callback: (_, { subject }) => void heard.push(subject) });
  await waitUntil('it was asked for in vain a few times', 10_000, () => own.log().split('new.status').length > 3);
  expect(told).toEqual([
    expect.stringMatching(/^error: nats-server does not let user master subscribe to new\.status; /),
  ]);
  own.reload(configOf(hearing('new.>')));
  await waitUntil('it is heard', 20_000, () => {
    if (!connection.isClosed()) connection.publish('new.status');
    return heard.length > 0;
  });
  expect(told[1]).toBe('nats-server now lets user master subscribe to new.status; reconnecting');
}, 40_000);

it('a user that is missing from the server for a while is waited for, which is said once', async () => {
  const closed: string[] = [];
  const { own, publicKey, configOf, connection, told } = await connectOwn('master', {
    user: 'master',
    permissions: { publish: ['>'], subscribe: ['>'] },
    seedFile: '/keys/master.nk',
    onClosed: (why) => closed.push(why),
  });
  own.reload(configOf({ publicKey: newSeed().publicKey }));
  const refusals = (): number => own.log().split('authentication error').length - 1;
  await waitUntil('it was refused several times', 10_000, () => refusals() > 3);
  own.reload(configOf());
  await waitUntil('it is back', 10_000, () => told.at(-1) === `reconnected: ${own.url}`);
  await connection.flush();
  expect(told).toEqual([
    expect.stringMatching(/^(disconnected: |warning: )/),
    expect.stringMatching(/^(disconnected: |warning: )/),
    `reconnected: ${own.url}`,
  ]);
  expect(told.find((line) => line.startsWith('warning: '))).toBe(
    `warning: nats-server at ${own.url} does not accept user master with the key in /keys/master.nk (${publicKey}); check TROUPE_NKEY, and that the server's configuration has this key ("troupe permissions" prints it); retrying`,
  );
  await connection.close();
  expect(closed).toEqual([]);
}, 40_000);

it('a connection that is closed for good is told of, unless this process ends it', async () => {
  const closed: string[] = [];
  const open = (): ReturnType<typeof connectRole> =>
    connectRole('worker', { ...ROLE, url: server.url, onClosed: (why) => closed.push(why) });
  await (await open()).drain();
  const lost = (await open()) as unknown as { readonly protocol: { close(why: Error): Promise<void> } };
  await lost.protocol.close(new Error('the client gives up'));
  await waitUntil('it is told', 5_000, () => closed.length > 0);
  expect(closed).toEqual(['the client gives up']);
});

it.each([
  { why: 'does not answer', says: /^stopped without notifying nats-server, which does not answer; .* expire in 10 s$/ },
  {
    why: 'was left already',
    says: /^stopped without notifying nats-server, to which the connection was already closed; /,
  },
])('who leaves a server that $why goes soon, and says so', { timeout: 8_000 }, async ({ why, says }) => {
  const proxy = await startTcpProxy(server.port);
  const connection = await connectRole('worker', { ...ROLE, url: `nats://127.0.0.1:${proxy.port}` });
  connection.subscribe('news');
  if (why === 'does not answer') proxy.freeze();
  else await connection.close();
  const told: string[] = [];
  await leave(connection, (line) => told.push(line));
  expect([connection.isClosed(), told]).toEqual([true, [expect.stringMatching(says)]]);
  await proxy.close();
});
