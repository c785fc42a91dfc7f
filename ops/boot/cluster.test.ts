import { expect, it } from 'vitest';
import { defaultNode, nodeNameOf } from './cluster.ts';

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
