import { expect, it } from 'vitest';
import { changesOf, valuesOf } from './plan-watch.ts';

const changes = [
  { name: 'assumed/pods.default.web', before: undefined, after: { node: 'a', uid: 'u' } },
  { name: 'start', before: 3, after: 4 },
  { name: 'wait/pods.default.db', before: { at: 1, attempts: 1 }, after: { at: 9, attempts: 1 } },
];

it.each([
  { path: 'start', found: [['start', 3, 4]] },
  { path: 'assumed/*', found: [['assumed/pods.default.web', undefined, { node: 'a', uid: 'u' }]] },
  { path: 'assumed/pods.default.web.node', found: [['assumed/pods.default.web', undefined, 'a']] },
  { path: 'wait/pods.default.db.attempts', found: [] },
  { path: 'wait/pods.default.db.at', found: [['wait/pods.default.db', 1, 9]] },
  { path: 'other', found: [] },
  { path: 'sta*t', found: [['start', 3, 4]] },
  { path: 'assumed/*.node', found: [['assumed/pods.default.web', undefined, 'a']] },
  { path: 'assumed/*.web', found: [['assumed/pods.default.web', undefined, { node: 'a', uid: 'u' }]] },
  { path: '*.at', found: [['wait/pods.default.db', 1, 9]] },
  { path: 'wait/*.attempts', found: [] },
  {
    path: 'assumed/pods.default.web.*',
    found: [
      ['assumed/pods.default.web.node', undefined, 'a'],
      ['assumed/pods.default.web.uid', undefined, 'u'],
    ],
  },
  { path: 'wait/pods.*.db.at*', found: [['wait/pods.default.db.at', 1, 9]] },
  { path: 'sta*.at', found: [] },
])('$path', ({ path, found }) => {
  expect(changesOf(path, changes).map(({ cell, before, after }) => [cell, before, after])).toEqual(found);
});

it('shows every cell that it names', () => {
  const cells = Object.entries({ 'a/x': { n: 1 }, 'a/y': { n: 2 }, b: 3 });
  expect(valuesOf('a/*', cells)).toEqual({ 'a/x': { n: 1 }, 'a/y': { n: 2 } });
  expect(valuesOf('a/y.n', cells)).toEqual({ 'a/y': 2 });
  expect(valuesOf('a/z', cells)).toEqual({});
  expect(valuesOf('*.n', cells)).toEqual({ 'a/x': 1, 'a/y': 2 });
  expect(valuesOf('a/y.*', cells)).toEqual({ 'a/y.n': 2 });
  const deep = Object.entries({ a: { b: [{ c: 1 }, { c: 2 }] } });
  expect(valuesOf('a.b.*.c', deep)).toEqual({ 'a.b.0.c': 1, 'a.b.1.c': 2 });
  expect(valuesOf('a.b.length', deep)).toEqual({ a: 2 });
});
