import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { api, calls, inbox, request, watch } from '../../../actors/kernel/declare.ts';
import { family } from '../../../contracts/subjects/family.ts';
import { inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { connectAs, startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { authorizationBlock } from '../nats/nats-config.ts';
import { declaredActors } from '../roles/hosted-actors.ts';
import type { Declared } from './declared-subjects.ts';
import { newSeed } from './nkeys.ts';
import { PROFILES, type Profile, type ProfileKind, planPermissions, withInboxes } from './plan-permissions.ts';
import { covers, overlaps } from './subject-patterns.ts';

/*
 * Goal: a reply subject widens nothing. Whatever reply subject a sender chooses, the receiver may publish afterwards exactly
 * what its own permissions name.
 * Method: a user of every profile in the registry, with the printed permissions, on a real server. Each sends to each, on
 * every subject on which the broker lets it reach the other, with hostile reply subjects; the receiver publishes on them.
 */

const orders = family<unknown, unknown>()('orders.<caller>', {
  mode: 'request',
  heardBy: 'the shop',
  doc: 'An order.',
});
const shop: Declared = {
  name: 'shop',
  singleton: true,
  hears: { orders: calls(orders), pods: watch('pods') },
  says: { label: api('patch', 'pods'), stock: request(orders), events: inbox() },
};
/** One user or more of each profile. A new profile does not compile without its line here. */
const SAMPLES: { readonly [K in ProfileKind]: Readonly<Record<string, Extract<Profile, { kind: K }>>> } = {
  system: { master: { kind: 'system', declared: declaredActors.master } },
  node: {
    'node-n1': { kind: 'node', declared: declaredActors.worker('n1') },
    'node-n2': { kind: 'node', declared: declaredActors.worker('n2') },
  },
  service: { shop: { kind: 'service', declared: [shop] } },
  operator: { operator: { kind: 'operator' } },
  tenant: { alice: { kind: 'tenant', namespaces: ['team-a'] }, bob: { kind: 'tenant', namespaces: ['team-b'] } },
  gateway: { http: { kind: 'gateway' } },
};
const planned = Object.values(SAMPLES).flatMap((users) =>
  Object.entries<Profile>(users).map(([name, profile]) => {
    const { seed, publicKey } = newSeed();
    return { name, seed, publicKey, permissions: planPermissions('troupe', name, profile) };
  }),
);
const users = withInboxes(planned);
type User = (typeof users)[number];

const HOSTILE = [
  'troupe.apply.operator._',
  'troupe.api.operator.create.configmaps.team-b._',
  'troupe.api.master.create.pods=2Fbinding.team-b.web',
  'troupe.edge.http.delete.pods.team-b.web',
  '$KV.troupe-objects.pods.team-b.web',
  '$KV.troupe-leases.scheduler',
  '$JS.API.STREAM.NAMES',
  '$JS.API.STREAM.DELETE.KV_troupe-objects',
  '$JS.ACK.KV_troupe-objects.c.1.1.1.1.0',
  'troupe.node.n1.pods',
  'troupe.runtime.n1.stopContainer',
  'troupe.runtime.n2.stopContainer',
  'troupe.dispatch.n2',
  'troupe.heartbeat.n2',
  'troupe.changes.pods.team-b.web',
  'troupe.journal.scheduler.m1',
  'troupe.watch.operator.m1.1',
  ...users.map(({ name }) => `${inboxPrefix(name)}.guessed.1`),
];

let server: TestNatsServer;
const connections = new Map<string, NatsConnection>();
/** Hears everything that the broker lets through. */
let spy: NatsConnection;
const passed: { readonly subject: string; readonly body: string }[] = [];

beforeAll(async () => {
  const { seed, publicKey } = newSeed();
  const all = [...users, { name: 'spy', publicKey, permissions: { publish: ['_INBOX.spy.>'], subscribe: ['>'] } }];
  server = await startNatsServer({ jetstream: false, config: authorizationBlock(all) });
  for (const user of users) connections.set(user.name, await connectAs(server, user));
  spy = await connectAs(server, { name: 'spy', seed });
  spy.subscribe('>', {
    callback: (_, message) => void passed.push({ subject: message.subject, body: message.string() }),
  });
  await spy.flush();
});
afterAll(async () => {
  for (const connection of [spy, ...connections.values()]) await connection.close();
  await server.stop();
});
const as = ({ name }: User): NatsConnection => connections.get(name) as NatsConnection;

/** A subject that both patterns match. */
function meeting(left: string, right: string): string {
  const [a, b] = [left.split('.'), right.split('.')];
  const tokens: string[] = [];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const literal = [a[at], b[at]].find((part) => part !== undefined && part !== '*' && part !== '>');
    tokens.push(literal ?? 'x');
  }
  return tokens.join('.');
}

/** Subjects on which the broker lets `from` reach `to`. */
const ways = (from: User, to: User): readonly string[] => [
  ...new Set(
    from.permissions.publish.flatMap((may) =>
      to.permissions.subscribe.flatMap((hears) => (overlaps(may, hears) ? [meeting(may, hears)] : [])),
    ),
  ),
];

const mayPublish = ({ permissions }: User, subject: string): boolean =>
  permissions.publish.some((pattern) => covers(pattern, subject));

it('has a sample of every profile in the registry', () => {
  expect(Object.keys(SAMPLES).sort()).toEqual(Object.keys(PROFILES).sort());
  expect(authorizationBlock(users)).not.toContain('allow_responses');
});

const pairs = users.flatMap((from) => users.map((to) => ({ from, to, sender: from.name, receiver: to.name })));
describe.each(pairs)('$sender sends to $receiver', ({ from, to }) => {
  it('and the reply subject widens nothing', async () => {
    const [sender, receiver] = [as(from), as(to)];
    const subjects = ways(from, to);
    const arrived: string[] = [];
    const listening = subjects.map((subject) =>
      receiver.subscribe(subject, { callback: (_, { reply = '' }) => void arrived.push(`${subject} ${reply}`) }),
    );
    await receiver.flush();
    for (const subject of subjects) for (const reply of HOSTILE) sender.publish(subject, '{}', { reply });
    await sender.flush();
    await receiver.flush();
    // nats-server itself drops messages with a reply subject of JetStream's acknowledgements.
    expect(arrived.length).toBeGreaterThanOrEqual(subjects.length * (HOSTILE.length - 1));
    const mark = `${from.name} to ${to.name}`;
    for (const subject of HOSTILE) receiver.publish(subject, mark);
    await receiver.flush();
    await spy.flush();
    const went = HOSTILE.filter((subject) => passed.some((one) => one.body === mark && one.subject === subject));
    expect(went).toEqual(HOSTILE.filter((subject) => mayPublish(to, subject)));
    for (const subscription of listening) subscription.unsubscribe();
  });
});

it.each([
  { who: 'alice', into: ['alice'] },
  { who: 'bob', into: ['bob'] },
  { who: 'operator', into: ['operator'] },
  { who: 'node-n1', into: ['master', 'node-n1', 'operator'] },
  { who: 'node-n2', into: ['master', 'node-n2', 'operator'] },
])('$who may write into the inboxes of $into alone', ({ who, into }) => {
  const user = users.find(({ name }) => name === who) as User;
  const inboxes = users.filter(({ name }) => mayPublish(user, `${inboxPrefix(name)}.x`) || name === who);
  expect(inboxes.map(({ name }) => name).sort()).toEqual(into);
});

it('a user subject is pinned: no user may acknowledge the watch of another', () => {
  for (const user of users) {
    for (const { name } of users) {
      const subject = SUBJECTS.watchAck.subject('troupe', { caller: name, instance: 'm1', id: '1' });
      expect(mayPublish(user, subject)).toBe(user.name === name);
    }
  }
});
