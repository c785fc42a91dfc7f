import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson, fnv1a32, safeDecimalHash, safeHash, sameJson } from './stable-hash.ts';

it.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
])('fnv1a32(%j) is the published value', (text, hash) => {
  expect(fnv1a32(text)).toBe(hash);
});

it('writes hashes in letters that no word and no eye can trip over', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(safeHash(text, 5)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      expect(safeDecimalHash(text)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
    }),
  );
});

it('gives neighbours different names', () => {
  const names = new Set(Array.from({ length: 2000 }, (_, at) => safeHash(`uid/${at}/0`, 5)));
  expect(names.size).toBeGreaterThan(1990);
});

it('tells values apart, not the order of their fields', () => {
  expect(canonicalJson({ b: [1, { d: null, c: undefined }], a: 'x' })).toBe('{"a":"x","b":[1,{"d":null}]}');
  expect(sameJson({ a: 1, b: 2 }, { b: 2, a: 1, c: undefined })).toBe(true);
  expect(sameJson({ a: 1 }, { a: 2 })).toBe(false);
});

it('two values are the same exactly where their canonical texts are', () => {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<unknown>(undefined, null, 0, -0, 1, Number.NaN, '', 'a', true),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c', 'toString'), tie('value')),
    ),
  }));
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(sameJson(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
      expect(sameJson(a, structuredClone(a))).toBe(true);
    }),
    { numRuns: 300 },
  );
});
