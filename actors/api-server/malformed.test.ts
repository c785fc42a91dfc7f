import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeMsgpack } from '../../contracts/codec/codec.ts';
import { HEADER } from '../../contracts/headers.ts';
import type { Kind } from '../../contracts/kinds/kind.ts';
import { KINDS } from '../../contracts/kinds/registry.ts';
import { VERBS } from '../../contracts/subjects/subjects.ts';
import { fitting } from '../../test/support/fitting.ts';
import { type Body, LonelyApiServer } from '../../test/support/lonely-api-server.ts';

/**
 * Goal: whatever arrives is answered by a `Status` or by what was asked for; nothing stops the actor.
 * Method: random subjects, headers and bytes, with enough truth in them to get past the first check.
 */
const resources = [
  'pods',
  'pods/status',
  'pods/binding',
  'pods/log',
  'deployments',
  'deployments/scale',
  'namespaces',
  'namespaces/finalize',
  'events',
  'nodes',
  'x',
  '',
  'pods/',
  '/',
];
const token = (...known: string[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, fc.stringMatching(/^[A-Za-z0-9_=%-]{0,6}$/));
const subject = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        token('alice'),
        token(...VERBS),
        fc.oneof(token('a'), fc.constantFrom(...resources.map((one) => one.replace('/', '=2F')))),
        token('default', '_'),
        token('a', '_'),
      )
      .map((tokens) => `troupe.api.${tokens.join('.')}`),
  },
  fc.string().map((text) => `troupe.api.${text}`),
  token('default', '_').map((namespace) => `troupe.apply.alice.${namespace}`),
);
const value = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      metadata: fc.oneof(
        fc.jsonValue(),
        fc.record(
          {
            name: fc.constantFrom('a', 7, null),
            namespace: fc.constantFrom('default', 'b', []),
            labels: fc.jsonValue(),
            resourceVersion: fc.string(),
          },
          { requiredKeys: [] },
        ),
      ),
      spec: fc.jsonValue(),
      status: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
  fc.array(
    fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'test', 'x'),
        path: fc.constantFrom('', '/metadata', '/spec/a', 'b'),
        value: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
  ),
  fc.record(
    {
      limit: fc.jsonValue(),
      continue: fc.string(),
      labelSelector: fc.string(),
      fieldSelector: fc.string(),
      resourceVersion: fc.string(),
    },
    { requiredKeys: [] },
  ),
);
const utf8 = new TextEncoder();
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  value.map((body) => utf8.encode(JSON.stringify(body))),
  value.map((body) => encodeMsgpack(body)),
  fc.string().map((text) => utf8.encode(text)),
);
const headers = fc.record(
  {
    [HEADER.contentType]: fc.constantFrom(
      'application/json',
      'application/msgpack',
      'application/yaml',
      'application/json-patch+json',
      'image/png',
      '',
    ),
    [HEADER.epoch]: fc.oneof(fc.string(), fc.constant('scheduler:0')),
  },
  { requiredKeys: [] },
);

it('always an answer, never a crash', () => {
  const server = new LonelyApiServer();
  server.ask('create', 'pods', ['default'], {
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const web = { metadata: { name: 'a' }, spec: { selector: { matchLabels: { app: 'a' } }, template } };
  expect(server.ask('create', 'deployments', ['default'], web)).toMatchObject({ kind: 'Deployment' });
  for (const resource of ['namespaces', 'nodes']) {
    expect(server.ask('create', resource, [], { metadata: { name: 'a' } })).toMatchObject({ metadata: { name: 'a' } });
  }
  let count = 0;
  fc.assert(
    fc.property(subject, bytes, headers, (to, body, given) => {
      const reply = `_INBOX.alice.fuzz-${++count}`;
      server.world.callSubject(to, body, { reply, headers: given });
      server.serve();
      const answer = server.answers.get(reply);
      expect(answer?.['kind'] ?? answer?.['type'], `${to} was not answered`).toBeTypeOf('string');
      if (answer?.['status'] === 'Failure') expect(answer['message']).toMatch(/\S/);
      expect(answer?.['reason']).not.toBe('InternalError');
    }),
    { numRuns: 5000 },
  );
});

/** What clients do with objects of a kind; the bodies fit it, more or less. */
const steps = fc
  .constantFrom(...(KINDS as readonly Kind[]))
  .chain((kind) =>
    fc.tuple(
      fc.constant(kind),
      fc.array(
        fc.tuple(
          fc.constantFrom(
            'create',
            'update',
            'apply',
            'patch',
            'delete',
            ...kind.subresources.map((of) => `update ${of}`),
          ),
          fitting(kind, { names: ['a', 'a', 'a', 'b'] }),
        ),
        { minLength: 1, maxLength: 8 },
      ),
    ),
  );

it('objects of every kind: what is refused says why, and what was applied is applied', () => {
  fc.assert(
    fc.property(steps, ([{ resource, namespaced }, some]) => {
      const server = new LonelyApiServer();
      for (const [how, object] of some) {
        const [verb = '', subresource] = how.split(' ');
        const about = subresource === undefined ? resource : `${resource}/${subresource}`;
        const name = (object['metadata'] as { name: string }).name;
        const place = [namespaced ? 'default' : '', name];
        const ask = (): Body => server.ask(verb, about, place, verb === 'delete' ? {} : object);
        const answer = ask();
        expect(answer['reason'], String(answer['message'])).not.toBe('InternalError');
        if (answer['status'] === 'Failure') expect(answer['message']).toMatch(/^(?!.*(\[object|undefined|NaN))/s);
        if (verb === 'apply' && answer['kind'] === 'ApplyResult' && ask()['status'] !== 'Failure')
          expect(ask()).toMatchObject({ items: [{ outcome: 'unchanged' }] });
      }
    }),
    { endOnFailure: true },
  );
});

it('refuses what is too large, before it is read', () => {
  const server = new LonelyApiServer({ objectBytes: 100 });
  expect(server.ask('create', 'pods', ['default'], new Uint8Array(101))).toMatchObject({ code: 413 });
});

it('refuses more than it can hold', () => {
  const server = new LonelyApiServer({ inFlight: 2 });
  const replies = [1, 2, 3].map(() => server.send('get', 'pods', ['default', 'a']));
  expect(replies.map((reply) => server.answers.get(reply)?.['code'])).toEqual([undefined, undefined, 429]);
  server.serve();
  expect(server.ask('get', 'pods', ['default', 'a'])['code']).toBe(404);
});
