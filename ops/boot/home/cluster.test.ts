import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readUsers } from '../users/users.ts';
import { defaultNode, nodeNameOf, prepareHome, readCluster, writeCluster } from './cluster.ts';
import { createPrivateFile, homePaths, writePrivateFile } from './home.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-home-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ['stage', 'stage'],
  ['Stage.Example_1', 'stage-example-1'],
  ['--x--', 'x'],
  ['é', 'node'],
  ['a'.repeat(80), 'a'.repeat(43)],
])('a node on host %s is called %s', (host, name) => {
  expect(nodeNameOf(host)).toBe(name);
});

const about = { host: 'stage', user: 'root', usual: '/root/.troupe' };
it.each([
  { why: "root's usual home has the host's name", home: '/root/.troupe', user: 'root', name: /^stage$/ },
  { why: "another user's is told apart", home: '/root/.troupe', user: 'ann', name: /^stage-ann$/ },
  { why: 'so is every other home', home: '/tmp/x', user: 'root', name: /^stage-[0-9a-f]{6}$/ },
])('$why', ({ home, user, name }) => {
  expect(defaultNode(home, { ...about, user })).toMatch(name);
});

it('two homes never share a name', () => {
  expect(defaultNode('/tmp/x', about)).not.toBe(defaultNode('/tmp/y', about));
});

it('a damaged key is refused before anything starts', () => {
  const paths = homePaths(join(folder, 'damaged'));
  prepareHome(paths);
  prepareHome(paths);
  writeFileSync(paths.clusterKey, 'zz\n');
  expect(() => prepareHome(paths)).toThrow(/cluster\.key is damaged: .*restore it, or start a new cluster/);
});

it("a node's name that is none is refused, and not remembered", () => {
  const paths = homePaths(join(folder, 'one'));
  prepareHome(paths);
  expect(() => writeCluster(paths, { port: 1, node: 'My Node' })).toThrow(/node "My Node": .* use "my-node"/);
  expect(existsSync(paths.cluster)).toBe(false);
  expect(writeCluster(paths, { port: 1, node: 'my-node' }).node).toBe('my-node');
});

it.each(['5', '1 s', 'Always', '-1s', '0s'])('sync "%s" is refused, and not remembered', (sync) => {
  const paths = homePaths(join(folder, 'sync'));
  prepareHome(paths);
  expect(() => writeCluster(paths, { port: 1, sync })).toThrow(/must be "always" or a duration such as 1s/);
  expect(existsSync(paths.cluster)).toBe(false);
});

it("a newer troupe's home is left alone", () => {
  const paths = homePaths(join(folder, 'newer'));
  prepareHome(paths);
  writeFileSync(paths.cluster, '{"version":2}');
  expect(() => readCluster(paths)).toThrow(/has version 2, this troupe supports 1: run the troupe that wrote it/);
});

it('a user that cannot be read is named', () => {
  const paths = homePaths(join(folder, 'garbled'));
  prepareHome(paths);
  writeFileSync(join(paths.users, 'alice.json'), '{');
  expect(() => readUsers(paths)).toThrow(/read the user in .*alice\.json: .*; restore it/);
});

it('a home that was there stays open to whom it was open; what is below it is closed', () => {
  const paths = homePaths(join(folder, 'shared'));
  mkdirSync(paths.users, { recursive: true });
  for (const path of [paths.home, paths.users]) chmodSync(path, 0o755);
  prepareHome(paths);
  expect(statSync(paths.home).mode & 0o777).toBe(0o755);
  expect(statSync(paths.users).mode & 0o777).toBe(0o700);
  expect(statSync(paths.clusterKey).mode & 0o777).toBe(0o600);
});

it('a file is made by one of those who try, and a folder that takes none is told', () => {
  const file = join(folder, 'once');
  expect([createPrivateFile(file, 'first'), createPrivateFile(file, 'second')]).toEqual([true, false]);
  expect(readFileSync(file, 'utf8')).toBe('first');
  expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([]);
  expect(() => writePrivateFile('/proc/troupe', '')).toThrow(/write \/proc\/troupe: .*; set TROUPE_HOME to/);
});

it.each([
  { why: 'a file', home: () => join(folder, 'file') },
  { why: 'below a file', home: () => join(folder, 'file', 'home') },
  { why: 'where the kernel has its own', home: () => '/proc/troupe' },
])('a home that is $why is refused with a way out', ({ home }) => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => prepareHome(homePaths(home()))).toThrow(/make the folder .*set TROUPE_HOME to a writable folder/);
});

it('a cluster whose key is gone is not given another', () => {
  const paths = homePaths(join(folder, 'keyless'));
  prepareHome(paths);
  writeCluster(paths, { port: 1 });
  rmSync(paths.clusterKey);
  expect(() => prepareHome(paths)).toThrow(/cluster\.key, .* is missing: restore it, or start a new cluster/);
  expect(existsSync(paths.clusterKey)).toBe(false);
});
