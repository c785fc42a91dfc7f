import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { StatusError } from '../errors/status.ts';
import { decode, decodeAll, encodeMsgpack, JSON_TYPE, MSGPACK_TYPE, YAML_TYPE } from './codec.ts';
import { DEPTH_MAX } from './decoding-budget.ts';

const bytes = (...parts: readonly (number | string)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))));

/** Each level names the one below twice, by a pointer: 2 to the power of `levels` nodes in some 16 bytes a level. */
function clonedBomb(levels: number): Buffer {
  const cloning = new Packr({ structuredClone: true, useRecords: false });
  let level: unknown[] = [];
  for (let at = 0; at < levels; at++) level = [level, level];
  return cloning.pack({ level });
}
const cyclic = (): Buffer => {
  const self: Record<string, unknown> = {};
  self['self'] = self;
  return new Packr({ structuredClone: true, useRecords: false }).pack(self);
};

describe('what is no plain MessagePack is rejected with its place', () => {
  it.each([
    { what: 'references that multiply', body: clonedBomb(24), says: /extension type 0x69 is not accepted/ },
    { what: 'a cycle', body: cyclic(), says: /extension type 0x69|0x70/ },
    { what: 'a record', body: new Packr({ useRecords: true }).pack([{ a: 1 }, { a: 2 }]), says: /0x72/ },
    {
      what: 'a Set',
      body: new Packr({ moreTypes: true, useRecords: false }).pack({ a: new Set([1]) }),
      says: /at a \(byte \d\): extension type 0x73/,
    },
    { what: 'binary data', body: bytes(0x81, 0xa1, 'a', 0xc4, 1, 0), says: /at a \(byte 3\): binary data/ },
    { what: 'a number as a key', body: bytes(0x81, 1, 2), says: /a key of a map is not a text/ },
    { what: 'a map as a key', body: bytes(0x81, 0x80, 2), says: /a key of a map is not a text/ },
    {
      what: 'a list longer than the message',
      body: bytes(0xdd, 0xff, 0xff, 0xff, 0xff, 1),
      says: /at byte 5: the message ends before the value does/,
    },
    {
      what: 'a text longer than the message',
      body: bytes(0x81, 0xa1, 'a', 0xdb, 0xff, 0xff, 0xff, 0xff, 'x'),
      says: /ends before/,
    },
    { what: 'bytes after the value', body: bytes(0x80, 0x80), says: /more bytes follow/ },
    { what: 'a byte that begins nothing', body: bytes(0x81, 0xa1, 'a', 0xc1), says: /0xc1 begins no value/ },
    {
      what: 'text that is not UTF-8',
      body: bytes(0x81, 0xa1, 'a', 0xa1, 0xff),
      says: /at a \(byte 3\): a text is not valid UTF-8/,
    },
    {
      what: '__proto__',
      body: encodeMsgpack(JSON.parse('{"a":[{"__proto__":1}]}')),
      says: /at a\[0\] \(byte \d+\): .*reserved/,
    },
    {
      what: 'an impossible timestamp',
      body: bytes(0x81, 0xa1, 'a', 0xc7, 12, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
      says: /timestamp/,
    },
  ])('$what', ({ body, says }) => {
    expect(() => decode(body, MSGPACK_TYPE)).toThrow(says);
    expect(() => decode(body, MSGPACK_TYPE)).toThrow(
      expect.objectContaining({ status: expect.objectContaining({ code: 400 }) }),
    );
  });

  it.each([
    {
      what: 'a list in a map',
      body: bytes(0x81, 0xa1, 'a', 0x91, 0xdd, 0xff, 0xff, 0xff, 0xff),
      says: /at a\[0\] \(byte 9\): the message ends/,
    },
    {
      what: 'the second of a list',
      body: bytes(0x81, 0xa1, 'a', 0x92, 1, 0xdc, 0xff, 0xff),
      says: /at a\[1\] \(byte 8\): the message ends/,
    },
    {
      what: 'NaN',
      body: bytes(0x81, 0xa1, 'a', 0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0),
      says: /at a \(byte 3\): a number is not finite/,
    },
    {
      what: 'a timestamp in another form',
      body: bytes(0x81, 0xa1, 'a', 0xc8, 0, 4, 0xff, 0x65, 0x92, 0, 0x80),
      says: /extension type 0xff/,
    },
  ])('$what', ({ body, says }) => {
    expect(() => decode(body, MSGPACK_TYPE)).toThrow(says);
  });

  it('each extension type but the timestamp', () => {
    for (let type = 0; type < 255; type++)
      for (const body of [bytes(0xd4, type, 0), bytes(0xd6, type, 0, 0, 0, 0), bytes(0xc7, 1, type, 0)])
        expect(() => decode(bytes(0x81, 0xa1, 'a', ...body), MSGPACK_TYPE)).toThrow(/extension type/);
  });
});

it.each([
  { time: bytes(0xd6, 0xff, 0x65, 0x92, 0, 0x80), text: '2024-01-01T00:00:00Z' },
  { time: bytes(0xd7, 0xff, 0x77, 0x35, 0x94, 0, 0x65, 0x92, 0, 0x80), text: '2024-01-01T00:00:00.500Z' },
])('a timestamp is read as the text that it is in JSON: $text', ({ time, text }) => {
  expect(decode(bytes(0x81, 0xa1, 'a', 0x91, ...time), MSGPACK_TYPE)).toEqual({ a: [text] });
});

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
it.each([
  { type: JSON_TYPE, of: (levels: number) => Buffer.from(JSON.stringify(nested(levels))) },
  { type: MSGPACK_TYPE, of: (levels: number) => Buffer.from(encodeMsgpack(nested(levels))) },
])('$type may be as deep as the limit and no deeper', ({ type, of }) => {
  expect(decode(of(DEPTH_MAX), type)).toEqual(nested(DEPTH_MAX));
  expect(() => decode(of(DEPTH_MAX + 1), type)).toThrow(/nested deeper than 256 levels/);
  expect(() => decode(Buffer.alloc(1_000_000, type === JSON_TYPE ? '[' : 0x91), type)).toThrow(/nested deeper/);
});

const MB = 1024 * 1024;
const filled = (byte: number): Buffer => {
  const body = Buffer.alloc(8 * MB, byte);
  body[0] = 0xdd;
  body.writeUInt32BE(8 * MB - 5, 1);
  return body;
};
const distinct = (): Buffer => {
  const names: string[] = [];
  for (let at = 0; at < 1_000_000; at++) names.push(`"${at.toString(36)}":0`);
  return Buffer.from(`{${names.join(',')}}`);
};
it.each([
  { what: 'empty lists in JSON', body: Buffer.from(`[${'[],'.repeat(2_700_000)}0]`), type: JSON_TYPE },
  { what: 'empty maps in JSON', body: Buffer.from(`[${'{},'.repeat(400_000)}0]`), type: JSON_TYPE },
  { what: 'a million names', body: distinct(), type: JSON_TYPE },
  { what: 'empty lists in MessagePack', body: filled(0x90), type: MSGPACK_TYPE },
  { what: 'empty maps in MessagePack', body: filled(0x80), type: MSGPACK_TYPE },
  { what: 'small numbers in MessagePack', body: filled(1), type: MSGPACK_TYPE },
])('more than one message may hold is rejected before it is decoded: $what', ({ body, type }) => {
  expect(() => decode(body, type)).toThrow(/send fewer/);
});

it('a list of pods of 5 MB is accepted', () => {
  const pod = (at: number) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `web-${at}`, namespace: 'default', labels: { app: 'web', tier: 'front' } },
    spec: {
      containers: [
        {
          name: 'main',
          image: 'registry/web:1.2.3',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          env: [{ name: 'A', value: 'b' }],
        },
      ],
    },
  });
  const list = { kind: 'List', items: Array.from({ length: 17_000 }, (_, at) => pod(at)) };
  const json = Buffer.from(JSON.stringify(list));
  expect(json.length).toBeGreaterThan(4 * MB);
  expect(decode(json, JSON_TYPE)).toEqual(list);
  expect(decode(encodeMsgpack(list), MSGPACK_TYPE)).toEqual(list);
});

it.each([
  {
    what: 'manifests',
    body: '---\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  a: b\n'.repeat(8_000),
    says: /send JSON or MessagePack/,
  },
  { what: 'commas', body: `a: [${','.repeat(100_000)}]`, says: /at line 1/ },
  { what: 'a set', body: '!!set {a, b}', says: undefined },
])('YAML that takes long is rejected, and the rest are trees: $what', ({ body, says }) => {
  const read = () => decodeAll(Buffer.from(body), YAML_TYPE);
  if (says === undefined) for (const value of read()) expectTree(value);
  else expect(read).toThrow(says);
});

it('a text of 1 MiB in YAML is accepted', () => {
  const text = `a: |\n${'  all work and no play makes Jack a dull boy, again and again and again\n'.repeat(14_000)}`;
  expect(decode(Buffer.from(text), YAML_TYPE)).toHaveProperty('a');
});

it('a list with holes is written as JSON writes it', () => {
  expect(decode(encodeMsgpack({ a: [undefined, 1] }), MSGPACK_TYPE)).toEqual({ a: [null, 1] });
});

/** Depth and whether every key is a text and no node is there twice: a tree, as JSON is. */
function expectTree(value: unknown, seen = new Set<object>(), depth = 0): void {
  expect(depth).toBeLessThanOrEqual(DEPTH_MAX);
  if (typeof value !== 'object' || value === null) return;
  expect(seen.has(value)).toBe(false);
  expect(Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype).toBe(true);
  seen.add(value);
  for (const inner of Object.values(value)) expectTree(inner, seen, depth + 1);
}

it('any bytes are decoded to trees or rejected', () => {
  const plain = fc.jsonValue().map((value) => Buffer.from(encodeMsgpack({ value })));
  const mutated = fc
    .tuple(plain, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
    .map(([body, changes]) => {
      const copy = Buffer.from(body);
      for (const [at, byte] of changes) copy[at % copy.length] = byte;
      return copy;
    });
  const any = fc.uint8Array({ maxLength: 200 }).map((body) => Buffer.from(body));
  const type = fc.constantFrom(JSON_TYPE, MSGPACK_TYPE, YAML_TYPE, undefined);
  fc.assert(
    fc.property(fc.oneof(any, plain, mutated), type, (body, declared) => {
      try {
        for (const value of decodeAll(body, declared)) expectTree(value);
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        expect([400, 413]).toContain(error.status.code);
      }
    }),
    { numRuns: 2_000 },
  );
});

it('what JSON can say is read from MessagePack the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      fc.pre(!JSON.stringify(value).includes('__proto__')); // rejected in every encoding
      const said: unknown = JSON.parse(JSON.stringify({ value }));
      expect(decode(encodeMsgpack(said), MSGPACK_TYPE)).toEqual(said);
    }),
  );
});
