import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { calls } from '../../../actors/kernel/declare.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { connectAs } from '../../../test/support/nats-server.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { findCredentials } from '../../client/credentials.ts';
import { MASTER, OPERATOR, prepareHome, writeCluster } from '../home/cluster.ts';
import { type HomePaths, homePaths } from '../home/home.ts';
import { releaseLock, takeLock, updateLock } from '../home/home-lock.ts';
import { projectRoot } from '../home/project-root.ts';
import { externalServer } from '../nats/external-server.ts';
import { findNatsServer } from '../nats/find-nats-server.ts';
import { choosePort, waitForNats } from '../nats/nats-process.ts';
import { writeNatsConfig } from '../nats/nats-users.ts';
import type { DeclaredActors } from '../roles/hosted-actors.ts';
import { type Supervised, supervise } from '../supervision/supervise.ts';
import { addService } from './services.ts';
import { addTenant, listUsers, removeTenant } from './tenants.ts';
import { findUser, seedFile, writeUser } from './users.ts';
import { withUsersLock } from './users-lock.ts';

/* Goal: users come and go while the cluster runs. Method: the embedded server as `troupe up` runs it, and live clients. */

const declaredActors: DeclaredActors = { master: [], worker: () => [] };
let paths: HomePaths;
let server: Supervised;
let url: string;
const open: NatsConnection[] = [];

async function connected(name: string): Promise<NatsConnection> {
  const user = findUser(paths, name);
  if (user === undefined) throw new Error(`no user ${name}`);
  const connection = await connectAs({ url }, { name, seed: user.seed }, { reconnect: false });
  open.push(connection);
  return connection;
}

beforeAll(async () => {
  paths = homePaths(mkdtempSync(join(tmpdir(), 'troupe-tenants-')));
  prepareHome(paths);
  await takeLock(paths);
  const port = await choosePort(0);
  const cluster = writeCluster(paths, { port, node: 'n1' });
  ({ url } = cluster);
  writeUser(paths, { name: OPERATOR, profile: 'operator' });
  writeUser(paths, { name: MASTER, profile: 'system' });
  writeNatsConfig(paths, cluster, declaredActors);
  server = supervise(
    {
      name: 'nats-server',
      command: findNatsServer().path,
      args: ['-c', paths.natsConfig],
      env: process.env,
      logFile: join(paths.logs, 'nats-server.log'),
      graceMs: 10_000,
    },
    { started: (name, id) => updateLock(paths, { children: { [name]: id } }) },
  );
  await waitForNats(port, 10_000, () => 'nothing');
});
afterAll(async () => {
  for (const connection of open) await connection.close();
  await server.stop();
  releaseLock(paths);
  rmSync(paths.home, { recursive: true, force: true });
});

it('a tenant can connect as soon as it is made, and nobody is disconnected by that', async () => {
  const before = await connected(OPERATOR);
  const alice = await addTenant('alice', ['team-a'], declaredActors, paths.home);
  expect(alice.live).toBe(true);
  expect(statSync(alice.seedFile).mode & 0o777).toBe(0o600);
  const connection = await connected('alice');
  await connection.flush();
  await before.flush();
  expect(before.isClosed()).toBe(false);
});

it('one who exists keeps the key and gets a further namespace, on the open connection too', async () => {
  const key = findUser(paths, 'alice')?.publicKey;
  const alice = await connected('alice');
  const again = await addTenant('alice', ['team-b'], declaredActors, paths.home);
  expect(again.namespaces).toEqual(['team-a', 'team-b']);
  expect(findUser(paths, 'alice')?.publicKey).toBe(key);
  // Who connects anew may at once; connections that are open are told a moment later.
  for (const [connection, withinMs] of [
    [await connected('alice'), 0],
    [alice, 5_000],
  ] as const) {
    await waitUntil('she may hear of it', withinMs, async () => {
      let refused = false;
      connection.subscribe('troupe.changes.*.team-b.>', { callback: (error) => void (refused ||= error !== null) });
      await connection.flush();
      return !refused;
    });
  }
});

it('is at home in the namespace that was given first, whatever comes later', async () => {
  await addTenant('dan', ['team-b', 'team-a'], declaredActors, paths.home);
  const again = await addTenant('dan', ['default', 'team-a'], declaredActors, paths.home);
  expect(again.namespaces).toEqual(['team-b', 'team-a', 'default']);
  expect(findCredentials({ home: paths.home, user: 'dan' }).namespace).toBe('team-b');
  await removeTenant('dan', declaredActors, paths.home);
});

it('one who is removed is thrown out', async () => {
  await addTenant('bob', ['team-b'], declaredActors, paths.home);
  const bob = await connected('bob');
  await removeTenant('bob', declaredActors, paths.home);
  await waitUntil('the server closes the connection', 5_000, () => bob.isClosed());
  expect(listUsers(paths.home).map(({ name }) => name)).toEqual(['alice', MASTER, OPERATOR]);
});

it('a service may do what its actors declare, and once more when they declare something else', async () => {
  const hears = { beats: calls(SUBJECTS.heartbeat) };
  const heard = async (family: { pattern(prefix: string): string }): Promise<boolean> => {
    const connection = await connected('shop');
    let refused = false;
    connection.subscribe(family.pattern('troupe'), { callback: (error) => void (refused ||= error !== null) });
    await connection.flush();
    return !refused;
  };
  const made = await addService('shop', [{ name: 'ears', hears, says: {} }], declaredActors, paths.home);
  expect(made).toMatchObject({ actors: ['ears'], live: true, url });
  expect([await heard(SUBJECTS.heartbeat), await heard(SUBJECTS.runtimeEvents)]).toEqual([true, false]);
  const key = findUser(paths, 'shop')?.publicKey;
  const other = { name: 'other', hears: { usage: calls(SUBJECTS.runtimeEvents) }, says: {} };
  await addService('shop', [other], declaredActors, paths.home);
  expect(findUser(paths, 'shop')?.publicKey).toBe(key);
  expect([await heard(SUBJECTS.heartbeat), await heard(SUBJECTS.runtimeEvents)]).toEqual([false, true]);

  await expect(addTenant('shop', ['a'], declaredActors, paths.home)).rejects.toThrow(
    'user "shop" is a service; choose another name, or remove it first: troupe user remove shop',
  );
  for (const name of ['alice', MASTER])
    await expect(addService(name, [other], declaredActors, paths.home)).rejects.toThrow(name);
  await removeTenant('shop', declaredActors, paths.home);
  expect(findUser(paths, 'shop')).toBeUndefined();
});

it('of two who make one user at once, one does and the other is told; a third, of another name, is not lost', async () => {
  const makers: Promise<unknown>[] = [];
  await withUsersLock(paths, () => {
    makers.push(addTenant('dora', ['team-a'], declaredActors, paths.home));
    makers.push(addTenant('dora', ['team-b'], declaredActors, paths.home));
    makers.push(addTenant('emil', ['team-a'], declaredActors, paths.home));
  });
  const outcomes = await Promise.allSettled(makers);
  const [first, second, third] = outcomes.map(({ status }) => status === 'fulfilled');
  expect(third).toBe(true);
  expect(first).toBe(second === false);
  const winner = first === true ? 'team-a' : 'team-b';
  const refusal = outcomes.find((outcome) => outcome.status === 'rejected');
  expect(String(refusal?.reason)).toMatch(
    new RegExp(`user "dora" already exists: .*, for ${winner}; repeat this one to add team-[ab]`),
  );
  const dora = findUser(paths, 'dora');
  expect(dora?.namespaces).toEqual([winner]);
  expect(readFileSync(seedFile(paths, 'dora'), 'utf8')).toBe(`${dora?.seed}\n`);
  for (const name of ['dora', 'emil']) await (await connected(name)).flush();
});

it('processes that make users at once leave out none', async () => {
  const names = ['fred', 'gina', 'hugo', 'ines'];
  const script = `
    import { addTenant } from './dist/ops/boot/users/tenants.js';
    const [, home, name] = process.argv;
    await addTenant(name, ['team-a'], { master: [], worker: () => [] }, home);`;
  const add = (name: string): Promise<unknown> =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, paths.home, name], {
      cwd: projectRoot,
    });
  await Promise.all(names.map(add));
  for (const name of names) await (await connected(name)).flush();
});

it.each([
  { why: "the cluster's own names are refused", name: MASTER, namespaces: ['a'], words: /choose another name/ },
  { why: "a node's name is refused", name: 'node-n1', namespaces: ['a'], words: /choose another name/ },
  { why: 'a name that is no label is refused', name: 'Al.ice', namespaces: ['a'], words: /lower-case/ },
  { why: 'a namespace that is no label is refused', name: 'carol', namespaces: ['*'], words: /namespace "\*"/ },
  { why: 'a tenant needs a namespace', name: 'carol', namespaces: [], words: /--namespace/ },
])('$why', async ({ name, namespaces, words }) => {
  await expect(addTenant(name, namespaces, declaredActors, paths.home)).rejects.toThrow(words);
});

it("where there is no cluster, a tenant is one of a nats-server of somebody's own, if that has users here", async () => {
  const home = mkdtempSync(join(tmpdir(), 'troupe-tenants-'));
  try {
    const add = () => addTenant('carol', ['team-a'], declaredActors, home);
    await expect(add()).rejects.toThrow(
      /there is no cluster in .*; for an external nats-server run "troupe permissions"/,
    );
    await externalServer({ nodes: [] }, declaredActors, home);
    const carol = await add();
    expect(carol).toEqual({
      name: 'carol',
      namespaces: ['team-a'],
      role: 'edit',
      seedFile: carol.seedFile,
      live: false,
    });
    expect((await externalServer({ nodes: [] }, declaredActors, home)).config).toContain('"troupe.apply.carol.team-a"');
    expect(await removeTenant('carol', declaredActors, home)).toEqual({});
    expect((await externalServer({ nodes: [] }, declaredActors, home)).config).not.toContain('carol');
  } finally {
    rmSync(home, { recursive: true });
  }
});

it('a user as whom the cluster runs is not removed while it does', async () => {
  for (const name of [OPERATOR, MASTER]) {
    await expect(removeTenant(name, declaredActors, paths.home)).rejects.toThrow(
      /the running cluster needs user .*; run .troupe down. first/,
    );
    expect(findUser(paths, name)).toBeDefined();
  }
});

it('the key of a machine that is gone or was stolen is taken from it: its connections end, and it gets another one', async () => {
  const printed = () => externalServer({ nodes: ['n2'] }, declaredActors, paths.home);
  await printed();
  const stolen = findUser(paths, 'node-n2')?.publicKey as string;
  let ended = false;
  const connection = await vi.waitFor(() => connected('node-n2'), { timeout: 5_000 });
  void connection.closed().then(() => (ended = true));
  await removeTenant('node-n2', declaredActors, paths.home);
  await vi.waitFor(() => expect(ended).toBe(true), { timeout: 5_000 });
  const { config, made } = await printed();
  expect(made.map(({ name }) => name)).toEqual(['node-n2']);
  expect(config).not.toContain(stolen);
});

it('where no cluster runs, the keys of all users can be renewed', async () => {
  const home = mkdtempSync(join(tmpdir(), 'troupe-tenants-'));
  try {
    await externalServer({ nodes: [] }, declaredActors, home);
    const keys = () => [MASTER, OPERATOR].map((name) => findUser(homePaths(home), name)?.publicKey);
    const before = keys();
    for (const name of [MASTER, OPERATOR]) await removeTenant(name, declaredActors, home);
    const { made } = await externalServer({ nodes: [] }, declaredActors, home);
    expect(made.map(({ name }) => name)).toEqual([MASTER, OPERATOR]);
    expect(keys().filter((key) => before.includes(key))).toEqual([]);
  } finally {
    rmSync(home, { recursive: true });
  }
});
