import { expect, it } from 'vitest';
import { type ContentType, encode, JSON_TYPE, MSGPACK_TYPE, YAML_TYPE } from '../../../contracts/codec/codec.ts';
import { HEADER } from '../../../contracts/headers.ts';
import type { Said } from '../contract.ts';
import { type Outgoing, outgoing } from '../turns/outgoing.ts';
import { bodyIn, saidDifferently, sameThing } from './compare-said.ts';
import { hashOf } from './hash.ts';
import { type SaidThen, saidInSecret, saidThen } from './journal.ts';

const saying = (body: unknown, type?: ContentType, kind: Said['kind'] = 'publish'): Outgoing =>
  outgoing(
    '1.0',
    {
      kind,
      say: 'tell',
      subject: 'troupe.news.me',
      body,
      ...(type === undefined ? {} : { headers: { [HEADER.contentType]: type } }),
    },
    undefined,
  );

/** As it would be recorded, had these been its bytes. */
const recorded = (bytes: Uint8Array | string): SaidThen => {
  const out = saying({});
  const body = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return { ...saidThen(out), hash: 'of other bytes', size: body.length, body };
};

const turned = (hash: string): string => hash.slice(8) + hash.slice(0, 8);

const POD = { kind: 'Pod', metadata: { name: 'web', labels: { app: 'web' } }, spec: { hostNetwork: true } };
const TURNED = { spec: { hostNetwork: true }, metadata: { labels: { app: 'web' }, name: 'web' }, kind: 'Pod' };

interface Case {
  readonly what: string;
  readonly was: string | Uint8Array;
  readonly now: unknown;
  readonly type: ContentType;
}

it.each<Case>([
  { what: 'the order of fields, in JSON', was: JSON.stringify(TURNED), now: POD, type: JSON_TYPE },
  { what: 'spaces, in JSON', was: JSON.stringify(POD, null, 2), now: POD, type: JSON_TYPE },
  { what: 'how a number is written', was: '{"n":1e3}', now: { n: 1000 }, type: JSON_TYPE },
  {
    what: 'the order of fields, in YAML',
    was: 'spec: { hostNetwork: true }\nmetadata:\n  labels: { app: web }\n  name: "web"\nkind: Pod\n',
    now: POD,
    type: YAML_TYPE,
  },
  { what: 'the order of fields, in MessagePack', was: encode(TURNED, MSGPACK_TYPE), now: POD, type: MSGPACK_TYPE },
  { what: 'the encoding: JSON then', was: JSON.stringify(TURNED), now: POD, type: MSGPACK_TYPE },
  { what: 'the encoding: YAML then', was: encode(TURNED, YAML_TYPE), now: POD, type: JSON_TYPE },
  { what: 'the encoding: MessagePack then', was: encode(TURNED, MSGPACK_TYPE), now: POD, type: JSON_TYPE },
  { what: 'the encoding, of a list', was: encode([TURNED], MSGPACK_TYPE), now: [POD], type: YAML_TYPE },
])('what says the same is the same, whatever differs in $what', ({ was, now, type }) => {
  expect(sameThing(recorded(was), saying(now, type), undefined)).toBe(true);
});

it.each<Case>([
  { what: 'JSON', was: '{"a":1,"b":2}', now: { b: 2, a: 2 }, type: JSON_TYPE },
  { what: 'YAML', was: 'a: 1\n', now: { a: '1' }, type: YAML_TYPE },
  { what: 'MessagePack', was: encode({ a: 1 }, MSGPACK_TYPE), now: { a: 1, b: 1 }, type: MSGPACK_TYPE },
  { what: 'one number, which would be another in another encoding', was: '1', now: 1, type: MSGPACK_TYPE },
  { what: 'the order of a list', was: '[1,2]', now: [2, 1], type: JSON_TYPE },
  { what: 'nothing and something', was: '', now: {}, type: JSON_TYPE },
  { what: 'bytes that nobody can read', was: Buffer.from([0xc1, 0xff, 0xfe]), now: {}, type: JSON_TYPE },
])('what says something else is not: $what', ({ was, now, type }) => {
  const is = saying(now, type);
  expect(sameThing(recorded(was), is, undefined)).toBe(false);
  expect(saidDifferently({ said: [recorded(was)] }, [is], { level: 'strict' })).toBe(
    'thing 1 of 1 said differs in its body: tell on troupe.news.me',
  );
});

it('of what was recorded by its hash alone, the bytes must be the same', () => {
  const was = saidThen(saying(POD, JSON_TYPE, 'reply'));
  expect(was).not.toHaveProperty('body');
  expect(sameThing(was, saying(POD, JSON_TYPE, 'reply'), undefined)).toBe(true);
  expect(sameThing(was, saying(TURNED, JSON_TYPE, 'reply'), undefined)).toBe(false);
});

it('is told by a hash of the body, or, with a secret, by a keyed hash of kind, subject and body', () => {
  const now = saying(POD, JSON_TYPE, 'reply');
  const whole = hashOf('reply', 'troupe.news.me', now.bytes);
  const sealer = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes, keyed: turned };
  expect(sameThing(saidThen(now), now, undefined)).toBe(true);
  expect(sameThing({ ...saidThen(now), hash: saidThen(saying('x')).hash }, now, undefined)).toBe(false);
  expect(sameThing({ ...saidThen(now), subject: 'troupe.news.you' }, now, undefined)).toBe(false);
  expect(sameThing(saidInSecret(now, sealer), now, sealer)).toBe(true);
  expect(sameThing({ ...saidInSecret(now, sealer), hash: whole }, now, sealer)).toBe(false);
});

it.each([
  { what: 'a map', bytes: encode(POD, MSGPACK_TYPE), value: POD },
  { what: 'a list', bytes: encode([1, 'two'], MSGPACK_TYPE), value: [1, 'two'] },
  { what: 'a text', bytes: encode('hello', MSGPACK_TYPE), value: 'hello' },
  { what: 'a number', bytes: encode(91, MSGPACK_TYPE), value: 91 },
  { what: 'JSON', bytes: Buffer.from('{}'), value: {} },
  { what: 'a list in JSON', bytes: Buffer.from('[ ]'), value: [] },
  { what: 'YAML', bytes: Buffer.from('kind: Pod\n'), value: { kind: 'Pod' } },
  { what: 'several documents', bytes: Buffer.from('a: 1\n---\na: 2\n'), value: [{ a: 1 }, { a: 2 }] },
])('reads what was said without being told in which encoding: $what', ({ bytes, value }) => {
  expect(bodyIn(bytes)).toEqual(value);
});
