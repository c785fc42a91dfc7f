import { describe, expect, it } from 'vitest';
import type { Obj } from './object.ts';
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
      says: 'patch operation 0 (test /spec/deep/a): the value there is another',
    },
    {
      why: 'a missing path',
      body: [{ op: 'replace', path: '/spec/none/a', value: 2 }],
      says: 'there is nothing at that path',
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
      says: 'the result is no object with metadata',
    },
  ])('refuses $why', ({ body, says }) => expect(() => after(body)).toThrow(says));
});

it.each([
  ['application/strategic-merge-patch+json', 'send a JSON merge patch'],
  ['application/apply-patch+yaml; charset=utf-8', 'use the verb apply'],
])('refuses %s with a remedy', (type, says) => expect(() => checkPatchType(type)).toThrow(says));

it('believes the content type', () => {
  expect(() => parsePatch({}, 'application/json-patch+json')).toThrow('a JSON patch is a list of operations');
  expect(() => parsePatch([], 'application/merge-patch+json')).toThrow('the body must be an object');
});
