import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { diffBodies } from './body-diff.ts';

const pod = (node: string, ...images: string[]) => ({
  metadata: { name: 'web', labels: { 'app.kubernetes.io/name': 'web' } },
  spec: { nodeName: node, containers: images.map((image) => ({ image })) },
});

it.each([
  {
    why: 'a field',
    was: pod('a', 'x:1'),
    is: pod('b', 'x:1'),
    diff: [{ path: 'spec.nodeName', was: 'a', is: 'b' }],
  },
  {
    why: 'a field of an element',
    was: pod('a', 'x:1', 'y:1'),
    is: pod('a', 'x:1', 'y:2'),
    diff: [{ path: 'spec.containers[1].image', was: 'y:1', is: 'y:2' }],
  },
  {
    why: 'an element more',
    was: pod('a', 'x:1'),
    is: pod('a', 'x:1', 'y:1'),
    diff: [{ path: 'spec.containers[1]', is: { image: 'y:1' } }],
  },
  {
    why: 'a field that is gone, with dots in its name',
    was: pod('a'),
    is: { ...pod('a'), metadata: { name: 'web', labels: {} } },
    diff: [{ path: 'metadata.labels["app.kubernetes.io/name"]', was: 'web' }],
  },
  { why: 'no body then', was: undefined, is: { a: 1 }, diff: [{ path: '', is: { a: 1 } }] },
  { why: 'another sort of value', was: [1], is: { a: 1 }, diff: [{ path: '', was: [1], is: { a: 1 } }] },
  { why: 'nothing', was: pod('a'), is: pod('a'), diff: [] },
  { why: 'nothing but what does not travel', was: { a: 1 }, is: { a: 1, b: undefined }, diff: [] },
])('shows $why', ({ was, is, diff }) => {
  expect(diffBodies(was, is)).toEqual(diff);
});

it('says nothing of what is the same, and something of everything else', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (was, is) => {
      const same = JSON.stringify(sorted(was)) === JSON.stringify(sorted(is));
      expect(diffBodies(was, is).length === 0).toBe(same);
    }),
  );
});

/** The order of fields is no difference. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}
