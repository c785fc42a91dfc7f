import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deepFreeze } from '../turns/freeze.ts';
import { shareParts } from './structural-sharing.ts';

const labels = { app: 'web' };
const containers = [{ name: 'a', image: 'x' }];
const v1 = { metadata: { name: 'p', resourceVersion: '1', labels }, spec: { containers }, status: {} };

it.each([
  { why: 'what is equal is the older one itself', after: { ...v1 }, shared: ['', 'metadata', 'spec', 'status'] },
  {
    why: 'one changed field leaves the others',
    after: { ...v1, metadata: { ...v1.metadata, resourceVersion: '2' } },
    shared: ['metadata.labels', 'spec', 'spec.containers', 'status'],
  },
  {
    why: 'a field more makes another object of the same parts',
    after: { ...v1, spec: { nodeName: 'n1', containers } },
    shared: ['metadata', 'spec.containers'],
  },
  {
    why: 'another order of keys is not the same',
    after: { metadata: { resourceVersion: '1', name: 'p', labels }, spec: v1.spec, status: {} },
    shared: ['metadata.labels', 'spec'],
  },
])('$why', ({ after, shared }) => {
  const copy = JSON.parse(JSON.stringify(after)) as unknown;
  const result = shareParts(v1, copy);
  expect(JSON.stringify(result)).toBe(JSON.stringify(after));
  const same = ['', 'metadata', 'metadata.labels', 'spec', 'spec.containers', 'status'].filter(
    (path) => at(result, path) === at(v1, path),
  );
  expect(same).toEqual(expect.arrayContaining(shared));
  expect(result === v1).toBe(shared.includes(''));
});

const at = (value: unknown, path: string): unknown =>
  path === '' ? value : path.split('.').reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], value);

it('any two JSON values: the text of the newer, byte for byte; the older is left alone', () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  fc.assert(
    fc.property(json, json, fc.boolean(), (before, after, frozen) => {
      const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
      const given = frozen ? deepFreeze(JSON.parse(is) as unknown) : (JSON.parse(is) as unknown);
      expect(JSON.stringify(shareParts(deepFreeze(before), given))).toBe(is);
      expect(JSON.stringify(before)).toBe(was);
      const equal = JSON.parse(was) as unknown;
      if (typeof before === 'object' && before !== null) expect(shareParts(before, equal)).toBe(before);
    }),
  );
});

it('a value nested deeper than any stack is taken as it is', () => {
  const deep = (): unknown => JSON.parse('{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000));
  const after = { same: { b: 1 }, deep: deep() };
  const before = { same: { b: 1 }, deep: deep() };
  const shared = shareParts(before, after) as typeof after;
  expect(shared.same).toBe(before.same);
});
