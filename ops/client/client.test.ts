import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { serversOf } from './connect.ts';
import { findCredentials } from './credentials.ts';
import { LogDeduplicator, sortableTime } from './deduplicate-log-lines.ts';
import { connectErrorToStatus } from './nats-errors.ts';
import { planCredentials } from './plan-credentials.ts';
import { planRelist } from './plan-relist.ts';

it.each([
  {
    code: 'ECONNREFUSED',
    words: 'connect ECONNREFUSED',
    says: 'cannot be reached; start it with "troupe up" or check TROUPE_URL',
  },
  {
    code: 'ENOTFOUND',
    words: 'getaddrinfo ENOTFOUND a',
    says: 'cannot be reached (getaddrinfo ENOTFOUND a); start it with "troupe up" or check TROUPE_URL',
  },
  {
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    words: 'self-signed certificate',
    says: 'has a certificate that is not trusted (self-signed certificate); set NODE_EXTRA_CA_CERTS to the file of the certificate authority',
  },
])('no connection because of $code', ({ code, words, says }) => {
  const error = new Error('connection refused', { cause: Object.assign(new Error(words), { code }) });
  expect(connectErrorToStatus(error, 'tls://a:1').message).toBe(`nats-server at tls://a:1 ${says}`);
});

it('several servers may be named, with or without spaces', () => {
  expect(serversOf('nats://a:1,nats://b:2, tls://c:3')).toEqual(['nats://a:1', 'nats://b:2', 'tls://c:3']);
});

describe('planCredentials', () => {
  const home = { url: 'nats://home:1', caller: 'operator', prefix: 'troupe', seed: 'SUHOME' };
  it.each([
    { why: 'nothing known', given: {}, found: undefined },
    { why: 'what troupe up left', given: { home }, found: { ...home, inboxPrefix: '_INBOX.operator' } },
    {
      why: 'the environment wins field by field',
      given: { url: 'nats://env:1', seed: 'SUENV\n', user: 'alice', home },
      found: { url: 'nats://env:1', caller: 'alice', prefix: 'troupe', seed: 'SUENV', inboxPrefix: '_INBOX.alice' },
    },
    {
      why: 'a context brings its own user, never the seed of the home',
      given: { context: { url: 'nats://ctx:1', inbox_prefix: '_INBOX.bob', nkey: 'SUBOB', creds: '' }, home },
      found: { url: 'nats://ctx:1', caller: 'bob', prefix: 'troupe', seed: 'SUBOB', inboxPrefix: '_INBOX.bob' },
    },
    {
      why: 'a password context',
      given: { context: { user: 'eve', password: 'x' } },
      found: {
        url: 'nats://127.0.0.1:4222',
        caller: 'eve',
        prefix: 'troupe',
        password: 'x',
        inboxPrefix: '_INBOX.eve',
      },
    },
    {
      why: 'a bare URL',
      given: { url: 'nats://a:1' },
      found: { url: 'nats://a:1', caller: 'anonymous', prefix: 'troupe', inboxPrefix: '_INBOX.anonymous' },
    },
  ])('$why', ({ given, found }) => {
    expect(planCredentials(given)).toEqual(found);
  });
});

describe('findCredentials', () => {
  const home = mkdtempSync(join(tmpdir(), 'troupe-home-'));
  afterAll(() => rmSync(home, { recursive: true }));
  it('says how to get a cluster when there is none', () => {
    expect(() => findCredentials({ home })).toThrow(/no cluster is known: .*start one with "troupe up"/);
  });
  it('says where a context was looked for', () => {
    expect(() => findCredentials({ home, context: 'nope' })).toThrow(
      /there is no NATS context "nope"; looked for .*; (this home has .*)?"troupe user add" creates one/,
    );
    expect(() => findCredentials({ home, context: '/no/such.json' })).toThrow(
      'there is no NATS context /no/such.json: give the path of a .json file, or the name of a context',
    );
  });
  it('reads a context with the seed beside it', () => {
    mkdirSync(join(home, 'nats-contexts'));
    writeFileSync(join(home, 'nats-contexts', 'me.json'), '{"url":"nats://c:1","user":"me","nkey":"me.nk"}');
    writeFileSync(join(home, 'nats-contexts', 'me.nk'), 'SUME\n');
    expect(findCredentials({ home, context: 'me' })).toMatchObject({ url: 'nats://c:1', caller: 'me', seed: 'SUME' });
  });
});

describe('planRelist', () => {
  const object = (name: string, resourceVersion: string): KubeObject => ({ metadata: { name, resourceVersion } });
  const identity = ({ metadata }: KubeObject): string => metadata?.name ?? '';
  it.each([
    { why: 'nothing new', known: ['a1'], items: ['a1'], told: [] },
    { why: 'all new', known: [], items: ['a1', 'b2'], told: ['ADDED a1', 'ADDED b2'] },
    {
      why: 'one of each',
      known: ['a1', 'b2', 'c3'],
      items: ['b2', 'c9', 'd4'],
      told: ['DELETED a1', 'MODIFIED c9', 'ADDED d4'],
    },
  ])('$why', ({ known, items, told }) => {
    const parse = (text: string): KubeObject => object(text.charAt(0), text.slice(1));
    const events = planRelist(new Map(known.map((text) => [text.charAt(0), parse(text)])), items.map(parse), identity);
    expect(
      events.map((event) => `${event.type} ${event.object.metadata?.name}${event.object.metadata?.resourceVersion}`),
    ).toEqual(told);
  });
});

describe('LogDeduplicator', () => {
  const line = (n: number) => ({
    stream: 'stdout' as const,
    time: `2026-01-01T00:00:00.${String(n).padStart(3, '0')}Z`,
    text: String(n),
  });
  it.each([
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000000000Z'],
    ['2026-01-01T00:00:00.12Z', '2026-01-01T00:00:00.120000000Z'],
    ['2026-01-01T00:00:00.123456789Z', '2026-01-01T00:00:00.123456789Z'],
  ])('%s sorts as %s', (time, sortable) => {
    expect(sortableTime(time)).toBe(sortable);
  });
  it('gives every line once, whatever the stream missed or repeated', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.boolean(), { maxLength: 5 }), { maxLength: 8 }), (rounds) => {
        const book = new LogDeduplicator();
        const given: string[] = [];
        let written = 0;
        for (const round of rounds) {
          const asked = book.answered;
          for (const heard of round) {
            const next = line(written++);
            if (heard) given.push(...book.ofStream([next, next]).map(({ text }) => text));
          }
          const all = Array.from({ length: written }, (_, n) => line(n));
          const since = all.filter(({ time }) => asked === undefined || time > asked);
          given.push(...book.ofAnswer(since).map(({ text }) => text));
        }
        expect(given.toSorted((a, b) => Number(a) - Number(b))).toEqual(
          Array.from({ length: written }, (_, n) => String(n)),
        );
      }),
    );
  });
});
