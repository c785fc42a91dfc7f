import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { StatusError } from '../errors/status.ts';
import { contentTypeOf, decode, decodeAll, encode, JSON_TYPE, MSGPACK_TYPE, YAML_TYPE } from './codec.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('an encoding is told by its name, or by its first byte', () => {
  it.each([
    { why: 'an object in JSON', is: JSON_TYPE, given: bytes('{"a":1}') },
    { why: 'a list in JSON', is: JSON_TYPE, given: bytes('[1]') },
    { why: 'a small MessagePack map', is: MSGPACK_TYPE, given: encode({ a: 1 }, MSGPACK_TYPE) },
    {
      why: 'a large MessagePack map',
      is: MSGPACK_TYPE,
      given: encode(Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`k${n}`, n])), MSGPACK_TYPE),
    },
    { why: 'anything else is YAML', is: YAML_TYPE, given: bytes('kind: Pod') },
    { why: 'nothing is JSON', is: JSON_TYPE, given: new Uint8Array(0) },
    { why: 'the name wins over the first byte', is: YAML_TYPE, given: bytes('{"a":1}'), declared: 'application/yaml' },
    {
      why: 'parameters of a name do not count',
      is: JSON_TYPE,
      given: bytes('a'),
      declared: 'Application/JSON; charset=utf-8',
    },
    { why: 'kinds of JSON are JSON', is: JSON_TYPE, given: bytes('a'), declared: 'application/merge-patch+json' },
  ])('$why', ({ is, given, declared }) => {
    expect(contentTypeOf(given, declared)).toBe(is);
  });

  it('an unknown name is refused with those that are known', () => {
    expect(() => decode(bytes('<a/>'), 'application/xml')).toThrow(
      /content-type "application\/xml" is not known; use application\/json/,
    );
  });
});

describe('documents', () => {
  it.each([
    { why: 'several, empty ones left out', text: 'a: 1\n---\n---\nb: 2\n', are: [{ a: 1 }, { b: 2 }] },
    { why: 'YAML 1.2: yes is what it looks like', text: 'a: yes\n', are: [{ a: 'yes' }] },
    {
      why: 'but 0400 is octal, as a mode in a manifest of Kubernetes is',
      text: 'a: 0400\nb: 0o400\nc: "0400"\nd: 0\ne: 080\n',
      are: [{ a: 256, b: 256, c: '0400', d: 0, e: 80 }],
    },
    {
      why: 'a key that stands for a text',
      text: 'a: &t k\nb: {*t : 1}\nc: &t {y: z}\nd: *t\n',
      are: [{ a: 'k', b: { k: 1 }, c: { y: 'z' }, d: { y: 'z' } }],
    },
    {
      why: 'merge keys',
      text: 'a: &a {k: v, l: w}\nb: {<<: *a, l: x}\nc: {"<<": y}\n',
      are: [{ a: { k: 'v', l: 'w' }, b: { k: 'v', l: 'x' }, c: { '<<': 'y' } }],
    },
    { why: 'comments alone are none', text: '# nothing\n', are: [] },
  ])('$why', ({ text, are }) => {
    expect(decodeAll(bytes(text))).toEqual(are);
  });
  it('more documents than any manifest has are refused before they are all read', () => {
    const read = (text: string) => () => decodeAll(new TextEncoder().encode(text), YAML_TYPE);
    expect(read('---\na: 1\n'.repeat(1_000))()).toHaveLength(1_000);
    const refusal = 'decode message as application/yaml: more than 10000 documents; send fewer at a time';
    expect(read('---\n'.repeat(20_000))).toThrow(refusal);
  });
  it('a map of many keys is read in as much time as it is long', () => {
    const lines = Array.from({ length: 4_000 }, (_, n) => `k${n}: v\n`);
    expect(Object.keys(decodeAll(bytes(lines.join('')))[0] as object)).toHaveLength(lines.length);
  });
  it('what others would read as something else than a text is written in quotes', () => {
    const text = new TextDecoder().decode(encode({ a: 'yes', b: '2026-01-01T00:00:00Z', c: '0400' }, YAML_TYPE));
    expect(text).toBe('a: "yes"\nb: "2026-01-01T00:00:00Z"\nc: "0400"\n');
  });
  it.each([
    {
      why: 'merges that multiply',
      text: `a0: &a0 {k: v}\n${Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} {<<: [*a${n}, *a${n}]}`).join('\n')}`,
      says: /Excessive alias count/,
    },
    {
      why: 'many merges of much',
      text: `a: &a\n${Array.from({ length: 2_000 }, (_, n) => `  k${n}: v\n`).join('')}b:\n${'  - {<<: *a}\n'.repeat(110)}`,
      says: /Excessive alias count .write out/,
    },
    {
      why: 'many aliases',
      text: `a: &a v\nb: [${'*a, '.repeat(4_000)}]\n`,
      says: /Excessive alias count/,
    },
    {
      why: 'a merge of a merge of a merge',
      text: `a: &a {k: v}\nb: ${'{<<: '.repeat(100)}*a${'}'.repeat(100)}\n`,
      says: /Excessive alias count/,
    },
    {
      why: 'a doubled key',
      text: 'a: 1\na: 2\n',
      says: /decode message as application\/yaml: Map keys must be unique at line 2, column 1/,
    },
    {
      why: 'a doubled key in a list of what an anchor names',
      text: 'a: &a\n  - {b: 1, "b": 2}\nc: *a\n',
      says: /Map keys must be unique at line 2, column 12/,
    },
    {
      why: 'a key that is no text',
      text: '? {a: 1}\n: b\n',
      says: /A key must be a text, not a map or a list at line 1, column 3/,
    },
    {
      why: 'a key that stands for a map',
      text: 'a: &m {x: 1}\nb: {*m : c}\n',
      says: /A key must be a text, not a map or a list at line 2, column 5/,
    },
    {
      why: 'a key that stands for a list',
      text: 'a: &l [x]\n? *l\n: c\n',
      says: /A key must be a text, not a map or a list at line 2, column 3/,
    },
    {
      why: 'a key that stands for what it is part of',
      text: '&m {*m : c}\n',
      says: /A key must be a text, not a map or a list at line 1, column 5/,
    },
    {
      why: 'a key doubled by an alias',
      text: 'k: 1\na: &t k\n*t : 2\n',
      says: /Map keys must be unique at line 3, column 1/,
    },
    {
      why: 'a number that is a key as a text too',
      text: '1: a\n"1": b\n',
      says: /Map keys must be unique at line 2, column 1/,
    },
    {
      why: 'what has itself in it',
      text: 'a: &a {x: [*a]}\n',
      says: /An alias must not be part of what it stands for at line 1, column 12/,
    },
    {
      why: 'several where one belongs',
      text: 'a: 1\n---\nb: 2\n',
      says: /found 2 YAML documents where one belongs/,
      one: true,
    },
    {
      why: 'aliases that multiply',
      text: `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(10)}]\nc: &c [${'*b,'.repeat(10)}]\nd: [${'*c,'.repeat(10)}]\n`,
      says: /Excessive alias count/,
    },
    { why: 'cut JSON', text: '{"a":', says: /decode message as application\/json/ },
  ])('$why is refused', ({ text, says, one }) => {
    expect(() => (one === true ? decode(bytes(text)) : decodeAll(bytes(text)))).toThrow(says);
  });
});

describe('what must not go on its way unseen', () => {
  const map = (key: string, value: string): Uint8Array =>
    Uint8Array.from([0x81, 0xa0 + key.length, ...bytes(key), 0xa0 + value.length, ...bytes(value)]);
  it('a field called __proto__ is refused in MessagePack, whose reader would rename it; as a value it is a text', () => {
    expect(() => decode(map('__proto__', 'x'))).toThrow(/a field is named "__proto__", which is reserved/);
    expect(decode(map('x', '__proto__'))).toEqual({ x: '__proto__' });
    expect(decode(map('__proto_', 'x'))).toEqual({ __proto_: 'x' });
    expect(() => decode(Uint8Array.from([0x81, 0xa1, 0x61, ...map('__proto__', 'x')]))).toThrow(/reserved/);
  });
  it.each([
    ['JSON', '{"kind": "Secret", "stringData": {"p": hunter2}}'],
    ['JSON cut short', '{"stringData": {"p": "hunter2'],
    ['an alias', 'stringData: { p: *hunter2 }'],
    ['a mapping that is none', 'stringData:\n  p: "hunter2" hunter2\n'],
    ['the head of a block', 'stringData:\n  p: |hunter2\n'],
    ['a tag with a handle', 'stringData:\n  p: !hunter2!x\n'],
    ['a tag without a suffix', 'stringData:\n  p: !hunter2!\n'],
    ['an escape', 'stringData:\n  p: "\\Uhunter2x"\n'],
    ['a version', '%YAML hunter2\n---\nstringData: {}\n'],
    ['what follows MessagePack', Buffer.concat([encode({ p: 'hunter2' }, MSGPACK_TYPE), Buffer.of(1)])],
  ])('a refusal does not quote what may be secret: %s', (_what, text) => {
    let said = '';
    try {
      decode(typeof text === 'string' ? bytes(text) : text);
    } catch (error) {
      said = String(error);
    }
    expect(said).toMatch(/decode message as/);
    expect(said).not.toContain('hunter2');
  });
  it('nor does a warning to whoever reads the log', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    decode(bytes('stringData: !!pairs [[hunter2]]\n'));
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });
});

describe('properties', () => {
  const json = fc
    .jsonValue({ depthSize: 'medium' })
    .map((value) => ({ value: JSON.parse(JSON.stringify(value)) as unknown }));
  it.each([JSON_TYPE, YAML_TYPE, MSGPACK_TYPE] as const)('%s gives back what it was given', (type) => {
    fc.assert(
      fc.property(json, (value) => {
        // Refused in MessagePack, whose reader would rename it; see below.
        fc.pre(type !== MSGPACK_TYPE || !JSON.stringify(value).includes('"__proto__"'));
        expect(decode(encode(value, type), type)).toEqual(value);
      }),
      { numRuns: 100 },
    );
  });
  it('a field without a value is left out by every encoding', () => {
    for (const type of [JSON_TYPE, MSGPACK_TYPE] as const)
      expect(decode(encode({ a: undefined, b: { c: undefined } }, type), type)).toEqual({ b: {} });
  });
  it('any bytes under any name are decoded or refused as a Status', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.option(fc.oneof(fc.constantFrom(JSON_TYPE, YAML_TYPE, MSGPACK_TYPE), fc.string()), { nil: undefined }),
        (given, declared) => {
          try {
            decodeAll(given, declared);
          } catch (error) {
            expect(error).toBeInstanceOf(StatusError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
