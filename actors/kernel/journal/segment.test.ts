import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Rec } from '../contract.ts';
import { outgoing } from '../turns/outgoing.ts';
import { bodyDigest, bodyHash } from './body-hash.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { hashOf } from './hash.ts';
import { decodeSegment, encodeSegment, type RecordedTurn, type SaidThen, saidInSecret, saidThen } from './journal.ts';
import type { Incarnation } from './recorder.ts';
import { JOURNAL_VERSION } from './segment.ts';
import { TextColumn } from './text-column.ts';

const whole = fc.integer({ min: 0, max: 2 ** 50 });
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('pods.default.web-1', 'pods.default.web-12', '🎭🎭', '🎭🎪'),
);
const bytes = fc.uint8Array({ maxLength: 40 });
const id = fc.oneof(
  text,
  fc.tuple(fc.nat(99), fc.nat(9)).map(([turn, index]) => `${turn}.${index}`),
);
const rec: fc.Arbitrary<Rec> = fc.oneof(
  fc.constant({ t: 'start' } as const),
  fc.constant({ t: 'due' } as const),
  fc.record({ t: fc.constant('change' as const), keys: fc.array(text) }),
  fc.record({
    t: fc.constant('call' as const),
    id,
    subject: text,
    headers: fc.dictionary(
      fc.constantFrom('Content-Type', 'Troupe-Reply', 'Troupe-Cause', 'X-Other', 'Nats-Sequence'),
      text,
    ),
    body: bytes,
  }),
  fc.record({
    t: fc.constant('answer' as const),
    ask: id,
    result: fc.oneof(bytes, fc.constant('timeout' as const), fc.record({ key: text, revision: fc.nat() })),
  }),
  fc.record({
    t: fc.constant('start' as const),
    checkpoint: fc.record({
      turn: fc.nat(),
      now: whole,
      view: fc.record({ objects: fc.nat() }),
      // MessagePack's reader keeps a name that would reach an object's prototype from doing so; no cell is called that.
      cells: fc.dictionary(
        text.filter((name) => name !== '__proto__'),
        fc.oneof(fc.double({ noNaN: true }), text, fc.constant(null)),
        {
          noNullPrototype: true,
        },
      ),
      random: fc.array(fc.nat(), { maxLength: 4 }),
      window: fc.nat(),
    }),
  }),
);
const said: fc.Arbitrary<SaidThen> = fc
  .record({
    kind: fc.constantFrom('publish', 'request', 'port', 'reply', 'report'),
    say: text,
    subject: text,
    body: fc.option(bytes, { nil: undefined }),
    way: fc.constantFrom('open', 'keyed', 'nothing'),
    size: fc.nat(),
    why: fc.option(fc.oneof(fc.constant(null), text, fc.record({ by: fc.array(text), best: fc.array(fc.nat()) })), {
      nil: undefined,
    }),
  })
  .map(({ kind, say, subject, body, way, size, why }) => {
    const about = { kind, say, subject, ...(why === undefined ? {} : { why }) };
    if (body !== undefined) return { ...about, hash: bodyHash(bodyDigest(body)), size: body.length, body };
    if (way === 'nothing') return { ...about, hash: '', size };
    if (way === 'open') return { ...about, hash: bodyHash(bodyDigest(Buffer.from(say))), size };
    return { ...about, hash: hashOf(say), size, keyed: true };
  });
const turn: fc.Arbitrary<RecordedTurn> = fc
  .record(
    {
      n: whole,
      now: whole,
      view: fc.record({ objects: whole }),
      rec,
      said: fc.array(said, { maxLength: 4 }),
      sealed: fc.constant(true),
      shape: fc.constant(true),
      state: text.map((some) => hashOf(some)),
    },
    { requiredKeys: ['n', 'now', 'view', 'rec', 'said'] },
  )
  .chain((some) =>
    some.state === undefined ? fc.constant(some) : fc.constantFrom(some, { ...some, stateKeyed: true }),
  );
const incarnation: Incarnation = {
  self: { actor: 'a', instance: 'b', caller: 'c', prefix: 'troupe', epoch: 7 },
  incarnation: 1_795_557_101_482,
  config: { limits: { items: 3 } },
  seed: [1, 2, 3, 4_294_967_295],
  window: 12,
  node: '20.0.0',
  icu: '78',
  build: '0',
  driver: false,
};

it('whatever the turns are, a segment brings them back', () => {
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 12 }), fc.nat(), (turns, gap) => {
      const plain = (value: unknown): unknown =>
        JSON.parse(
          JSON.stringify(value, (_, inner: { type?: unknown; data?: unknown } | null) => {
            if (inner instanceof Uint8Array) return [...inner];
            return inner?.type === 'Buffer' ? inner.data : inner;
          }),
        );
      const back = decodeSegment(encodeSegment({ incarnation, gap, turns }));
      expect(plain(back)).toEqual(plain({ incarnation, gap, turns }));
    }),
  );
});

it('bytes that are damaged or cut short are a clear error, or still turns; never anything else', () => {
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 6 }), fc.nat(), fc.nat(), fc.nat(255), (turns, cut, at, byte) => {
      const segment = encodeSegment({ incarnation, gap: 0, turns });
      const read = (some: Uint8Array): void => {
        try {
          expect(decodeSegment(some).turns).toBeInstanceOf(Array);
        } catch (error) {
          expect(String(error)).toMatch(/^Error: read journal segment/);
        }
      };
      expect(() => decodeSegment(segment.subarray(0, cut % segment.length))).toThrow(/^read journal segment/);
      const changed = segment.slice();
      changed[at % changed.length] = byte;
      read(changed);
    }),
  );
});

it.each([0, 2, 4, 255])('version %i is rejected by its number', (version) => {
  const segment = encodeSegment({ incarnation, gap: 0, turns: [] });
  expect(segment[2]).toBe(JOURNAL_VERSION);
  segment[2] = version;
  expect(() => decodeSegment(segment)).toThrow(
    `its format is version ${version}, and this build reads version 1 only; use the build of troupe that recorded it`,
  );
});

it.each([
  { what: 'of ASCII', text: 'x'.repeat(300) },
  { what: 'with letters of two bytes and more', text: `${'x'.repeat(200)}é漢😀${'y'.repeat(100)}` },
  { what: 'with half a character', text: `${'x'.repeat(200)}\ud800` },
])('a long text comes back: $what', ({ text }) => {
  const writer = new ByteWriter();
  for (const one of [text, 'short', text.slice(150)]) writer.text(one);
  writer.text(text, 100);
  const reader = new ByteReader(writer.take());
  const whole = Buffer.from(text).toString();
  expect([reader.text(), reader.text(), reader.text(), reader.text()]).toEqual([
    whole,
    'short',
    whole.slice(150),
    whole.slice(100),
  ]);
  expect(reader.left).toBe(0);
});

it('what is written comes back wherever pages end, and the next begins anew on the same pages', () => {
  const writer = new ByteWriter();
  const written = fc.array(
    fc.oneof(
      fc.nat(6_000).map((size) => Buffer.alloc(size, size)),
      fc.nat(300).map((units) => 'x'.repeat(units)),
      fc.nat(20).map((units) => '\u00e9'.repeat(units)),
      whole,
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(written, bytes, (values, head) => {
      for (const value of values) {
        if (typeof value === 'string') writer.text(value);
        else if (typeof value === 'number') writer.count(value);
        else if (typeof value === 'bigint') writer.eight(value);
        else writer.bytes(value);
      }
      const { length } = writer;
      const reader = new ByteReader(writer.take(head));
      expect(reader.left).toBe(head.length + length);
      expect(Buffer.compare(reader.raw(head.length), head)).toBe(0);
      for (const value of values) {
        if (typeof value === 'string') expect(reader.text()).toBe(value);
        else if (typeof value === 'number') expect(reader.count()).toBe(value);
        else if (typeof value === 'bigint') expect((reader.raw(8) as Buffer).readBigUInt64BE()).toBe(value);
        else expect(Buffer.compare(reader.bytes(), value)).toBe(0);
      }
      expect(reader.left).toBe(0);
      expect(writer.length).toBe(0);
    }),
  );
});

it('a column brings its texts back, and a text like an earlier one costs what is new in it', () => {
  const written = ['troupe.api.me.create.pods.a.web-1', 'troupe.api.me.create.pods.a.web-2', 'troupe.node.n1.pods'];
  const writer = new ByteWriter();
  const column = new TextColumn();
  for (const one of [...written, ...written]) column.write(writer, one);
  const all = writer.take();
  expect(all.length).toBeLessThan(33 + 19 + 4 + 10 + 3);
  const reader = new ByteReader(all);
  const again = new TextColumn();
  expect([...written, ...written].map(() => again.read(reader))).toEqual([...written, ...written]);
});

it('what led to something said is kept beside it, but not where that tells of a secret', () => {
  const why = { by: ['taints'], best: [['n1', 3]] };
  const said = { kind: 'request', say: 'bind', subject: 'troupe.api.me.create.pods', body: {}, why } as const;
  const out = outgoing('1.0', said, undefined);
  expect(saidThen(out).why).toEqual(why);
  expect(saidInSecret(out, undefined)).not.toHaveProperty('why');
  const { why: _, ...bare } = said;
  expect(outgoing('1.0', bare, undefined)).toEqual({ ...out, said: bare });
});
