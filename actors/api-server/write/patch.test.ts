import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatusError } from '../../../contracts/errors/status.ts';
import type { Obj } from '../object.ts';
import { checkPatchType, parsePatch, patched } from './patch.ts';

const object = {
  metadata: { name: 'a', labels: { x: '1', y: '2' } },
  spec: { list: [1, 2], deep: { a: 1 } },
} as unknown as Obj;
const after = (body: unknown, type?: string): unknown => patched(object, parsePatch(body, type));

describe('merge patch', () => {
  it.each([
    { why: 'sets a field', body: { spec: { n: 1 } }, spec: { list: [1, 2], deep: { a: 1 }, n: 1 } },
    { why: 'null removes', body: { spec: { deep: null } }, spec: { list: [1, 2] } },
    { why: 'a list is replaced', body: { spec: { list: [3] } }, spec: { list: [3], deep: { a: 1 } } },
    {
      why: 'an object replaces a value',
      body: { spec: { list: { a: null, b: 1 } } },
      spec: { list: { b: 1 }, deep: { a: 1 } },
    },
    { why: 'nothing changes nothing', body: {}, spec: { list: [1, 2], deep: { a: 1 } } },
  ])('$why', ({ body, spec }) => expect(after(body)).toEqual({ ...object, spec }));

  it('leaves prototypes alone', () => {
    after(JSON.parse('{"__proto__": {"polluted": true}, "spec": {"__proto__": {"polluted": true}}}'));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('JSON patch', () => {
  it('is told by its shape, and leaves the object itself alone', () => {
    const patch = [
      { op: 'test', path: '/spec/deep/a', value: 1 },
      { op: 'add', path: '/spec/list/-', value: 3 },
      { op: 'remove', path: '/metadata/labels/x' },
    ];
    expect(after(patch)).toEqual({
      metadata: { name: 'a', labels: { y: '2' } },
      spec: { list: [1, 2, 3], deep: { a: 1 } },
    });
    expect(object.spec?.['list']).toEqual([1, 2]);
  });

  it.each([
    {
      why: 'a failed test',
      body: [{ op: 'test', path: '/spec/deep/a', value: 2 }],
      says: 'patch operation 0 (test /spec/deep/a): the value at that path is different',
    },
    {
      why: 'a missing path',
      body: [{ op: 'replace', path: '/spec/none/a', value: 2 }],
      says: 'nothing exists at that path',
    },
    { why: 'an unknown operation', body: [{ op: 'put', path: '/a' }], says: 'unknown "op" "put"' },
    { why: 'a bad path', body: [{ op: 'add', path: 'spec', value: 1 }], says: '"path" must be a JSON pointer' },
    { why: 'no value', body: [{ op: 'add', path: '/spec' }], says: '"add" needs "value"' },
    { why: 'no source', body: [{ op: 'move', path: '/spec' }], says: '"move" needs "from"' },
    { why: 'the whole object', body: [{ op: 'remove', path: '' }], says: 'may not be the whole object' },
    {
      why: 'a prototype',
      body: [{ op: 'add', path: '/__proto__/x', value: 1 }],
      says: 'may not lead through __proto__',
    },
    { why: 'no object', body: [7], says: 'must be an object' },
    {
      why: 'metadata gone',
      body: [{ op: 'remove', path: '/metadata' }],
      says: 'the result is not an object with metadata',
    },
    {
      why: 'what is inherited',
      body: [{ op: 'add', path: '/metadata/hasOwnProperty/call', value: 5 }],
      says: 'patch operation 0 (add /metadata/hasOwnProperty/call): nothing exists at that path',
    },
    { why: 'to remove it', body: [{ op: 'remove', path: '/spec/valueOf' }], says: 'nothing exists at that path' },
    {
      why: 'a list as an object',
      body: [{ op: 'remove', path: '/spec/list/length' }],
      says: '"length" is not an index',
    },
    {
      why: 'an index with a sign',
      body: [{ op: 'replace', path: '/spec/list/-1', value: 1 }],
      says: '"-1" is not an index',
    },
    { why: 'an index and more', body: [{ op: 'add', path: '/spec/list/1x', value: 1 }], says: '"1x" is not an index' },
    {
      why: 'what is past the end',
      body: [{ op: 'replace', path: '/spec/list/-', value: 1 }],
      says: '"-" is not an index',
    },
    { why: 'a gap', body: [{ op: 'add', path: '/spec/list/3', value: 1 }], says: 'nothing exists at that path' },
    {
      why: 'a part of a text',
      body: [{ op: 'add', path: '/metadata/name/x', value: 1 }],
      says: 'nothing exists at that path',
    },
    {
      why: 'a gift to itself',
      body: [{ op: 'move', from: '/spec', path: '/spec/deep/b' }],
      says: 'cannot be moved into itself',
    },
    {
      why: 'an end that moving takes away',
      body: [{ op: 'move', from: '/spec/list/0', path: '/spec/list/2' }],
      says: 'nothing exists at that path',
    },
    {
      why: 'to double without end',
      body: Array.from({ length: 40 }, (_, at) => ({ op: 'copy', from: '/spec', path: `/spec/c${at}` })),
      says: 'one patch may copy and move at most 3145728 bytes',
    },
  ])('refuses $why', ({ body, says }) => expect(() => after(body)).toThrow(says));

  it('adds, moves and copies where RFC 6902 has a place', () => {
    const spec = (...body: unknown[]): unknown => (after(body) as { spec: unknown }).spec;
    const { deep } = object.spec as { deep: unknown };
    expect(spec({ op: 'add', path: '/spec/list/2', value: 3 })).toEqual({ list: [1, 2, 3], deep });
    expect(spec({ op: 'add', path: '/spec/list/0', value: 0 })).toEqual({ list: [0, 1, 2], deep });
    expect(spec({ op: 'move', from: '/spec/list/0', path: '/spec/list/1' })).toEqual({ list: [2, 1], deep });
    expect(spec({ op: 'move', from: '/spec/deep', path: '/spec/a~1b' })).toEqual({ list: [1, 2], 'a/b': deep });
    expect(spec({ op: 'copy', from: '/spec/list', path: '/spec/deep' })).toEqual({ list: [1, 2], deep: [1, 2] });
    expect(spec({ op: 'add', path: '/spec/hasOwnProperty', value: 1 }, { op: 'remove', path: '/spec/deep' })).toEqual({
      list: [1, 2],
      hasOwnProperty: 1,
    });
  });

  it('whatever the paths, it changes this object alone, or refuses with a Status', () => {
    const token = fc.oneof(
      fc.constantFrom('spec', 'list', 'deep', 'metadata', 'labels', '0', '1', '-', '-1', 'length', 'constructor'),
      fc.constantFrom('prototype', 'toString', 'hasOwnProperty', 'call', '~0', '~1', '', 'x'),
    );
    const path = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => `/${tokens.join('/')}`);
    const operation = fc.record({
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'),
      path,
      from: path,
      value: fc.jsonValue(),
    });
    const ownedBy = Object.getOwnPropertyDescriptor(Object.prototype, 'hasOwnProperty')?.value as object;
    const shared = (): readonly string[] =>
      [Object.prototype, Array.prototype, Function.prototype, Object, Array, ownedBy].flatMap((one) =>
        Object.getOwnPropertyNames(one),
      );
    const before = { shared: shared(), object: JSON.stringify(object) };
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 5 }), (body) => {
        try {
          after(body);
        } catch (error) {
          expect(error).toBeInstanceOf(StatusError);
        }
        expect({ shared: shared(), object: JSON.stringify(object) }).toEqual(before);
      }),
    );
  });
});

it.each([
  ['application/strategic-merge-patch+json', 'send a JSON merge patch'],
  ['application/apply-patch+yaml; charset=utf-8', 'use the verb apply'],
])('refuses %s with a remedy', (type, says) => expect(() => checkPatchType(type)).toThrow(says));

it('believes the content type', () => {
  expect(() => parsePatch({}, 'application/json-patch+json')).toThrow('a JSON patch is a list of operations');
  expect(() => parsePatch([], 'application/merge-patch+json')).toThrow('the body must be an object');
});
