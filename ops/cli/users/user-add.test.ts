import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { run } from '../../../test/support/command-line.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { declaredActors } from '../../boot/roles/hosted-actors.ts';
import { up } from '../../boot/up.ts';
import type { UserRecord } from '../../boot/users/users.ts';

/*
 * Goal: who makes a user need not know what a binding is, and who knows may change it; users of before there were roles keep theirs.
 * Method: a real cluster in a home of its own, which is stopped and started again; the commands that people type.
 */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let home: string;
let stop: () => Promise<void>;
const said: string[] = [];

/** @param port default: the one before, which is in the users' contexts */
async function start(port?: number): Promise<void> {
  said.length = 0;
  const cluster = await up({
    home,
    ...(port === undefined ? {} : { port }),
    declaredActors,
    say: (text) => void said.push(text),
  });
  stop = async () => {
    stop = () => Promise.resolve();
    await cluster.stop();
  };
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'troupe-user-add-'));
  vi.stubEnv('TROUPE_HOME', home);
  vi.stubEnv('TROUPE_RUNTIME', 'simulated');
  await start(0);
});
afterAll(async () => {
  await stop();
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

const add = (user: string, ...more: readonly string[]) => run('user', 'add', user, ...more);
const context = (user: string): string => join(home, 'nats-contexts', `${user}.json`);
const canI = async (user: string, ...words: readonly string[]) => {
  const { code, out } = await run('auth', 'can-i', ...words, '--context', context(user));
  return `${out.trim()} ${code}`;
};
const record = (user: string): string => join(home, 'users', `${user}.json`);

it('makes the namespaces that do not exist, and a binding of the role edit in each', async () => {
  const made = await add('alice', '-n', 'default', '-n', 'team-a', '-n', 'team-a');
  expect(made).toMatchObject({ code: 0, err: '' });
  expect(made.out).toMatch(/^namespace\/team-a created\nuser alice has the role edit in default, team-a\ncredentials /);
  expect((await run('get', 'rolebindings', '-n', 'team-a', '-o', 'wide')).out).toMatch(
    /^NAME +ROLE +AGE +USERS +GROUPS +SERVICEACCOUNTS\ntroupe:tenant:alice +ClusterRole\/edit +\S+ +alice\s*\n$/,
  );
  expect(await canI('alice', 'create', 'deploy', '-n', 'team-a')).toBe('yes 0');
  expect(await canI('alice', 'create', 'roles', '-n', 'team-a')).toBe('no 1');
});

it('answers questions as kubectl does', async () => {
  const ask = (...words: readonly string[]) => run('auth', ...words, '--context', context('alice'));
  expect(await ask('whoami')).toEqual({
    code: 0,
    out: 'ATTRIBUTE   VALUE\nUsername    alice\nGroups      [system:authenticated]\n',
    err: '',
  });
  expect(await ask('can-i', 'list', 'nodes')).toEqual({
    code: 1,
    out: 'no\n',
    err: "Warning: resource 'nodes' is not namespace scoped\n",
  });
  expect(await ask('can-i', 'get', 'wigdets.example.com')).toEqual({
    code: 1,
    out: 'no\n',
    err: "Warning: the server doesn't have a resource type 'wigdets' in group 'example.com'\n",
  });
  expect(await ask('can-i', 'get', '/version', '-q')).toEqual({ code: 0, out: '', err: '' });
  expect(await ask('can-i', 'get', 'pods/web', '--subresource', 'log')).toMatchObject({ code: 0, out: 'yes\n' });
  expect(await ask('can-i', 'get', 'pods', '-A')).toMatchObject({ code: 1, out: 'no\n' });
  const { out } = await ask('can-i', '--list');
  expect(out).toMatch(/^Resources +Non-Resource URLs +Resource Names +Verbs\n/);
  expect(out).toMatch(/\nconfigmaps +\[\] +\[\] +\[create delete deletecollection patch update get list watch\]\n/);
  expect(out).toMatch(/\n +\[\/version\] +\[\] +\[get\]\n/);
  expect(await ask('can-i', 'get')).toMatchObject({ code: 2 });
  expect((await run('auth', 'can-i', '*', '*', '-A')).out).toBe('yes\n');
});

it('another role replaces the one before, in every namespace', async () => {
  expect((await add('alice', '-n', 'team-b', '--role', 'view')).out).toContain(
    'user alice has the role view in default, team-a, team-b\n',
  );
  expect(await canI('alice', 'create', 'deploy', '-n', 'team-a')).toBe('no 1');
  expect(await canI('alice', 'list', 'deploy', '-n', 'team-b')).toBe('yes 0');
  expect((await run('user', 'list')).out).toMatch(/\nalice +tenant +default,team-a,team-b +view\n/);
  expect((await add('alice', '-n', 'team-b')).out).toContain('has the role view in'); // it stays
});

it('a role of the namespace comes before one of the cluster', async () => {
  const role = join(home, 'role.json');
  const rules = [{ verbs: ['delete'], apiGroups: [''], resources: ['pods'] }];
  const object = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'view', namespace: 'team-a' },
    rules,
  };
  writeFileSync(role, JSON.stringify(object));
  expect((await run('apply', '-f', role)).out).toBe('role.rbac.authorization.k8s.io/view created\n');
  await add('dan', '-n', 'team-a', '--role', 'view');
  expect(await canI('dan', 'delete', 'pods', '-n', 'team-a')).toBe('yes 0');
  expect(await canI('dan', 'list', 'pods', '-n', 'team-a')).toBe('no 1');
});

it('a user that goes leaves no binding', async () => {
  expect(await run('user', 'remove', 'dan')).toMatchObject({ code: 0, err: '' });
  // The server may not answer while it reads its configuration.
  const { out } = await waitUntil('the server answers', 20_000, async () => {
    const got = await run('get', 'rolebindings', '-n', 'team-a', '-o', 'name');
    return got.code === 0 && got;
  });
  expect(out).toBe('rolebinding.rbac.authorization.k8s.io/troupe:tenant:alice\n');
});

it('who was added before there were roles may do at the next start what it could; what was taken away stays away', async () => {
  await add('old', '-n', 'team-a');
  await run('delete', 'rolebinding', 'troupe:tenant:old', 'troupe:tenant:alice', '-n', 'team-a');
  const { role: _role, granted: _granted, ...before } = JSON.parse(readFileSync(record('old'), 'utf8')) as UserRecord;
  writeFileSync(record('old'), JSON.stringify(before));
  await stop();
  expect(await add('new', '-n', 'team-c')).toMatchObject({
    code: 0,
    err: 'no cluster runs now; the server will know the user when it starts\n',
  });
  await start();
  expect(said).toContain('users got their roles in the cluster: new, old');
  expect(await canI('old', 'create', 'deploy', '-n', 'team-a')).toBe('yes 0');
  expect(await canI('new', 'create', 'deploy', '-n', 'team-c')).toBe('yes 0');
  expect(await canI('alice', 'list', 'deploy', '-n', 'team-a')).toBe('no 1');
  expect(await canI('alice', 'list', 'deploy', '-n', 'team-b')).toBe('yes 0');
});

it('a gateway is a user of its own', async () => {
  expect((await add('http', '--gateway')).out).toMatch(/^user http may ask in the name of anybody\ncredentials /);
  expect((await run('user', 'list')).out).toMatch(/\nhttp +gateway\n/);
  expect(await add('http', '--gateway', '-n', 'team-a')).toMatchObject({ code: 2 });
});
