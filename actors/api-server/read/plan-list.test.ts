import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOfObject } from '../../../contracts/store/keys.ts';
import type { Obj } from '../object.ts';
import { decodeContinue, encodeContinue, planPage, rewound } from './plan-list.ts';

const pod = (name: string, version = 1, namespace = 'default'): Obj => ({
  metadata: { name, namespace, resourceVersion: String(version) },
});
const names = (list: readonly Obj[]): string[] =>
  list.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);
const all = (): boolean => true;
const BIG = { items: 500, bytes: 1e6 };

describe('planPage', () => {
  const list = ['a', 'b', 'c', 'd'].map((name) => pod(name));
  it.each([
    { why: 'everything fits', after: undefined, limits: BIG, items: 'a b c d', remaining: 0, more: false },
    {
      why: 'a page ends at its items',
      after: undefined,
      limits: { ...BIG, items: 3 },
      items: 'a b c',
      remaining: 1,
      more: true,
    },
    {
      why: 'the next begins behind it',
      after: 'c',
      limits: { ...BIG, items: 3 },
      items: 'd',
      remaining: 0,
      more: false,
    },
    {
      why: 'the object behind which it begins may be gone',
      after: 'bb',
      limits: BIG,
      items: 'c d',
      remaining: 0,
      more: false,
    },
    {
      why: 'a page ends at its bytes',
      after: undefined,
      limits: { ...BIG, bytes: 150 },
      items: 'a b',
      remaining: 2,
      more: true,
    },
    {
      why: 'an object larger than a page comes alone',
      after: 'a',
      limits: { ...BIG, bytes: 1 },
      items: 'b',
      remaining: 2,
      more: true,
    },
    { why: 'behind the last is nothing', after: 'd', limits: BIG, items: '', remaining: 0, more: false },
  ])('$why', ({ after, limits, items, remaining, more }) => {
    const page = planPage('pods', list, after === undefined ? undefined : `pods.default.${after}`, all, limits);
    expect([
      page.items.map(({ metadata }) => metadata.name).join(' '),
      page.remaining,
      page.last !== undefined,
    ]).toEqual([items, remaining, more]);
  });

  it('pages put together are the list, whatever their size', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), fc.integer({ min: 1, max: 7 }), (given, items) => {
        const sorted = given
          .map((name) => pod(name))
          .sort((a, b) => (keyOfObject('pods', a) < keyOfObject('pods', b) ? -1 : 1));
        const found: Obj[] = [];
        let after: string | undefined;
        do {
          const page = planPage('pods', sorted, after, ({ metadata }) => metadata.name !== 'x', { ...BIG, items });
          found.push(...page.items);
          after = page.last;
        } while (after !== undefined);
        expect(found).toEqual(sorted.filter(({ metadata }) => metadata.name !== 'x'));
      }),
    );
  });
});

it('turns changes back: created ones go, changed ones are as before, deleted ones return', () => {
  const changes = [
    { key: 'pods.default.b', before: pod('b', 1) },
    { key: 'pods.default.b', before: pod('b', 5) },
    { key: 'pods.default.c' },
    { key: 'pods.default.aa', before: pod('aa', 2) },
    { key: 'nodes._.n', before: pod('n') },
  ];
  const now = [pod('a'), pod('b', 6), pod('c', 7)];
  expect(names(rewound('pods', now, changes, (key) => key.startsWith('pods.')))).toEqual(['a@1', 'aa@2', 'b@1']);
});

it('reads its own tokens and refuses others', () => {
  const token = { revision: 7, after: 'pods.default.ä' };
  expect(decodeContinue(encodeContinue(token))).toEqual(token);
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => decodeContinue(text)).toThrow('the continue token is not valid');
    }),
  );
});
