import { type NatsConnection, headers as newHeaders } from 'nats';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decode, encode, JSON_TYPE } from '../../contracts/codec/codec.ts';
import { HEADER } from '../../contracts/headers.ts';
import type { ClusterRole, Event, SelfSubjectReview } from '../../contracts/kinds/kinds.ts';
import type { WatchEvent } from '../../contracts/messages/api.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Client } from '../../ops/client/client.ts';
import {
  expectReplays,
  expectUnharmed,
  PREFIX,
  type SimulatedCluster,
  startSimulatedCluster,
} from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: on a cluster that runs, each user does what its roles say, a gateway asks for others, nobody else is believed, and what was
 * refused is recorded and plays back.
 * Method: a master and a worker under the permissions that boot prints; clients with the keys of two tenants, a gateway and a node.
 */
let cluster: SimulatedCluster;
let alice: Client;
let bob: Client;
const open: NatsConnection[] = [];

beforeAll(async () => {
  cluster = await startSimulatedCluster({
    tenants: { alice: ['team-a'], bob: ['team-a'] },
    roles: { bob: 'view' },
    profiles: { http: { kind: 'gateway' } },
  });
  [alice, bob] = await Promise.all([cluster.as('alice'), cluster.as('bob')]);
});
afterAll(async () => {
  for (const connection of open) await connection.close();
  await cluster?.stop();
});

async function connect(name: string): Promise<NatsConnection> {
  const connection = await cluster.connect(name);
  open.push(connection);
  return connection;
}

const MINE = { namespace: 'team-a', name: 'mine' };
const refusal = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'done',
    (error: Error) => error.message,
  );

it('alice edits, bob reads', async () => {
  await alice.create('configmaps', 'team-a', { metadata: { name: 'mine' }, data: { a: '1' } });
  expect(await bob.get('configmaps', MINE)).toMatchObject({ data: { a: '1' } });
  const cannot = (what: string): string => `is forbidden: User "bob" cannot ${what} in the namespace "team-a"`;
  expect(await refusal(bob.patch('configmaps', MINE, { data: { a: '2' } }))).toBe(
    `configmaps "mine" ${cannot('patch resource "configmaps" in API group ""')}`,
  );
  expect(await refusal(bob.list('secrets', { namespace: 'team-a' }))).toBe(
    `secrets ${cannot('list resource "secrets" in API group ""')}`,
  );
  expect(await refusal(bob.delete('deployments', MINE))).toBe(
    `deployments.apps "mine" ${cannot('delete resource "deployments" in API group "apps"')}`,
  );
});

it("the broker tells a viewer of what it may read, and of nobody's secrets", async () => {
  const nc = await connect('bob');
  const refused: string[] = [];
  const heard: string[] = [];
  for (const subject of [
    'troupe.changes.configmaps.team-a.*',
    'troupe.changes.secrets.team-a.*',
    'troupe.changes.*.team-a.>',
  ])
    nc.subscribe(subject, {
      callback: (error, message) => void (error === null ? heard.push(message.subject) : refused.push(subject)),
    });
  await nc.flush();
  await alice.patch('configmaps', MINE, { data: { a: '3' } });
  await waitUntil('he hears of it', 5_000, () => heard.includes('troupe.changes.configmaps.team-a.mine'));
  expect(refused).toEqual(['troupe.changes.secrets.team-a.*', 'troupe.changes.*.team-a.>']);
});

it('a manifest that is published without a reply leaves the refusal as an Event, by the name of the user', async () => {
  const manifest = encode({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'his' } }, JSON_TYPE);
  bob.connection.publish('troupe.apply.bob.team-a', manifest);
  const message =
    'configmaps is forbidden: User "bob" cannot create resource "configmaps" in API group "" in the namespace "team-a"';
  await waitUntil('the event is there', 10_000, async () => {
    const { items } = await cluster.client.list<Event>('events', { namespace: 'team-a' });
    return items.some((event) => event.reason === 'ApplyFailed' && event.message === message);
  });
});

it('a label makes a role of others a part of edit, and the rights of alice grow with it', async () => {
  expect(await refusal(alice.get('pods/status', MINE))).toBe('pods "mine" not found');
  const act = { namespace: 'team-a', verb: 'polish', group: 'example.com', resource: 'widgets' };
  const ask = async (): Promise<unknown> => {
    const spec = { resourceAttributes: act };
    const { status } = await alice.request<{ status: object }>('create', 'selfsubjectaccessreviews', {}, { spec });
    return status;
  };
  expect(await ask()).toEqual({ allowed: false });
  const labels = { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' };
  const rules = [{ verbs: ['polish'], apiGroups: ['example.com'], resources: ['widgets'] }];
  await cluster.client.create<ClusterRole>('clusterroles', undefined, { metadata: { name: 'widgets', labels }, rules });
  await waitUntil('it is aggregated', 10_000, async () => ((await ask()) as { allowed: boolean }).allowed);
  expect(await ask()).toEqual({
    allowed: true,
    reason: 'RBAC: allowed by RoleBinding "troupe:tenant:alice/team-a" of ClusterRole "edit" to User "alice"',
  });
});

describe('the subjects of gateways', () => {
  const edge = (verb: string, resource: string, [namespace = '', name = '']: readonly string[]): string =>
    SUBJECTS.edge.subject(PREFIX, { gateway: 'http', verb, resource, namespace, name });
  const claims = (user: string, ...groups: readonly string[]) => {
    const headers = newHeaders();
    headers.set(HEADER.user, user);
    headers.set(HEADER.groups, JSON.stringify(groups));
    headers.set(HEADER.contentType, JSON_TYPE);
    return headers;
  };
  const ask = async (nc: NatsConnection, subject: string, user: string, ...groups: readonly string[]) => {
    const { data } = await nc.request(subject, '{}', { headers: claims(user, ...groups), timeout: 5_000 });
    return decode(data, JSON_TYPE) as { readonly message?: string; readonly metadata?: { readonly name?: string } };
  };

  it('a gateway asks for whom it names, and gets what that one gets', async () => {
    const http = await connect('http');
    expect((await ask(http, edge('get', 'configmaps', ['team-a', 'mine']), 'bob')).metadata?.name).toBe('mine');
    expect((await ask(http, edge('delete', 'configmaps', ['team-a', 'mine']), 'bob')).message).toMatch(
      /^configmaps "mine" is forbidden: User "bob"/,
    );
    expect((await ask(http, edge('get', 'nodes', ['', 'n1']), 'ann', 'system:masters')).metadata?.name).toBe('n1');
    expect((await ask(http, edge('get', 'nodes', ['', 'n1']), 'operator')).message).toMatch(
      /User "operator" cannot get resource "nodes"/,
    );
    const who = (await ask(http, edge('create', 'selfsubjectreviews', []), 'ann', 'devs')) as SelfSubjectReview;
    expect(who.status).toEqual({ userInfo: { username: 'ann', groups: ['devs', 'system:authenticated'] } });
  });

  it('a watch tells the inbox of the gateway', async () => {
    const http = await connect('http');
    const inbox = '_INBOX.http.watch';
    const told: string[] = [];
    http.subscribe(inbox, {
      callback: (_, { data }) => {
        const event = decode(data, JSON_TYPE) as Partial<WatchEvent<{ metadata?: { name?: string } }>>;
        if (event.type === 'ADDED') told.push((event.object as { metadata?: { name?: string } }).metadata?.name ?? '');
      },
    });
    http.publish(edge('watch', 'configmaps', ['team-a']), '{}', { headers: claims('bob'), reply: inbox });
    await waitUntil('what is there is told', 5_000, () => told.includes('mine'));
    await alice.create('configmaps', 'team-a', { metadata: { name: 'later' } });
    await waitUntil('what comes is told', 5_000, () => told.includes('later'));
  });

  it.each([
    { who: 'alice', subject: 'troupe.edge.http.list.secrets.team-a._' },
    { who: 'alice', subject: 'troupe.edge.alice.list.secrets.team-a._' },
    { who: 'node-n1', subject: 'troupe.edge.node-n1.list.secrets.team-a._' },
    { who: 'operator', subject: 'troupe.edge.operator.list.secrets.team-a._' },
    { who: 'http', subject: 'troupe.edge.other.list.secrets.team-a._' },
    { who: 'http', subject: 'troupe.api.http.list.secrets.team-a._' },
  ])('the broker refuses $who to publish on $subject', async ({ who, subject }) => {
    const nc = await connect(who);
    const words: string[] = [];
    void (async () => {
      for await (const status of nc.status())
        if (status.type === 'error') words.push(status.error.message.toLowerCase());
    })();
    nc.publish(subject, '{}', { headers: claims('ann', 'system:masters'), reply: `_INBOX.${who}.x` });
    await nc.flush();
    await waitUntil('it is refused', 5_000, () =>
      words.some((text) => text.includes('permissions violation') && text.includes(subject.toLowerCase())),
    );
  });

  it('on other subjects nobody reads the headers', async () => {
    const nc = await connect('bob');
    const { message } = await ask(nc, 'troupe.api.bob.list.secrets.team-a._', 'operator', 'system:masters');
    expect(message).toMatch(/^secrets is forbidden: User "bob"/);
  });
});

it('nothing failed, and everything that was refused plays back', async () => {
  await expectUnharmed(cluster);
  await expectReplays(cluster);
});
