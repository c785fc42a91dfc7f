import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { api, watch } from '../../actors/kernel/declare.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { inboxPrefix } from '../../contracts/subjects/inbox.ts';
import { nodeUser } from '../../contracts/subjects/users.ts';
import { declaredActors } from '../../ops/boot/roles/hosted-actors.ts';
import type { Declared } from '../../ops/boot/users/declared-subjects.ts';
import { type Profile, planPermissions } from '../../ops/boot/users/plan-permissions.ts';
import { expectReplays, PREFIX, type SimulatedCluster, startSimulatedCluster } from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: the table of stolen keys in ops/docs/security.md. What the holder of one key, or of any two, cannot reach in a
 * namespace that is none of theirs: its Secrets, its objects, the store, other users' requests.
 * Method: a whole cluster under the printed permissions. The holders try each goal under their own name, the operator's
 * and the master's: directly, and as the reply subject of every message that the broker lets them send, to actors and to
 * each other. A spy hears all that passes.
 */
const VALUE = 'the-value-of-a-secret-in-team-c';
const labels = (name: string): Declared => ({
  name,
  hears: {},
  says: { label: api('patch', 'pods') },
});
const viewer: Declared = { name: 'viewer', singleton: true, hears: { pods: watch('pods') }, says: {} };
const PROFILES: Readonly<Record<string, Profile>> = {
  [nodeUser('n1')]: { kind: 'node', declared: declaredActors.worker('n1') },
  [nodeUser('n2')]: { kind: 'node', declared: declaredActors.worker('n2') },
  labels: { kind: 'service', declared: [labels('labels')] },
  viewer: { kind: 'service', declared: [viewer] },
  alice: { kind: 'tenant', namespaces: ['team-a'] },
  bob: { kind: 'tenant', namespaces: ['team-b'] },
};

let cluster: SimulatedCluster;
let spy: NatsConnection;
const keys = new Map<string, NatsConnection>();
let heard: { readonly subject: string; readonly text: string }[] = [];

beforeAll(async () => {
  const { [nodeUser('n1')]: _n1, [nodeUser('n2')]: _n2, ...profiles } = PROFILES;
  cluster = await startSimulatedCluster({ nodes: ['n1', 'n2'], profiles, further: { spy: { subscribe: ['>'] } } });
  const { client } = cluster;
  await client.create('namespaces', undefined, { metadata: { name: 'team-c' } });
  await client.create('secrets', 'team-c', { metadata: { name: 'key' }, stringData: { word: VALUE } });
  await client.create('pods', 'team-c', {
    metadata: { name: 'web' },
    spec: {
      nodeSelector: { nowhere: 'yes' }, // stays unbound
      containers: [
        { name: 'main', image: 'app', env: [{ name: 'W', valueFrom: { secretKeyRef: { name: 'key', key: 'word' } } }] },
      ],
    },
  });
  for (const name of Object.keys(PROFILES)) keys.set(name, await cluster.connect(name));
  spy = await cluster.connect('spy');
  spy.subscribe('>', {
    callback: (_, { subject, data }) => void heard.push({ subject, text: Buffer.from(data).toString('latin1') }),
  });
  await spy.flush();
});
afterAll(async () => {
  for (const connection of [spy, ...keys.values()]) await connection?.close();
  await cluster?.stop();
});

const MARK = 'forged-by-a-thief';
const FORGED = JSON.stringify({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: MARK, namespace: 'team-c' },
  target: { kind: 'Node', name: 'n1' },
});
const goals = (caller: string): readonly string[] => [
  `${PREFIX}.api.${caller}.get.secrets.team-c.key`,
  `${PREFIX}.api.${caller}.list.secrets._._`,
  `${PREFIX}.api.${caller}.create.configmaps.team-c._`,
  `${PREFIX}.api.${caller}.create.pods=2Fbinding.team-c.web`,
  `${PREFIX}.api.${caller}.delete.pods.team-c.web`,
  `${PREFIX}.apply.${caller}._`,
  `${PREFIX}.apply.${caller}.team-c`,
];
const STORE = ['$KV.troupe-objects.configmaps.team-c.forged', '$KV.troupe-leases.forged', '$JS.API.STREAM.NAMES'];
/** A service that watches objects talks to JetStream, which sends its answers anywhere: it is trusted with the store. */
const isTrusted = (holder: string): boolean => holder === 'viewer';
const wanted = (holders: readonly string[]): readonly string[] => [
  ...[...holders, 'operator', 'master'].flatMap(goals),
  ...(holders.some(isTrusted) ? [] : STORE),
];

const named = (name: string): Profile => PROFILES[name] as Profile;
const key = (name: string): NatsConnection => keys.get(name) as NatsConnection;
/** A subject for every pattern on which the broker lets this user publish. */
const subjectsOf = (name: string): readonly string[] =>
  planPermissions(PREFIX, name, named(name)).publish.map((pattern) =>
    pattern.replaceAll('.>', '.web').replaceAll('*', 'web'),
  );

/** An answer, an acknowledgement or a status of the server's own. */
const isServers = (text: string): boolean => text === '' || /^\{"(type":"io\.nats\.|stream":"\S+","seq":)/.test(text);

describe.each([
  { holders: ['node-n1'] },
  { holders: ['labels'] },
  { holders: ['viewer'] },
  { holders: ['alice'] },
  { holders: ['node-n1', 'node-n2'] },
  { holders: ['node-n1', 'labels'] },
  { holders: ['node-n1', 'viewer'] },
  { holders: ['node-n1', 'alice'] },
  { holders: ['labels', 'viewer'] },
  { holders: ['labels', 'alice'] },
  { holders: ['viewer', 'alice'] },
  { holders: ['alice', 'bob'] },
])('the keys of $holders', ({ holders }) => {
  it('open nothing of another namespace', async () => {
    heard = [];
    const targets = wanted(holders);
    for (const holder of holders) {
      const connection = key(holder);
      for (const subject of targets) {
        connection.publish(subject, FORGED, { reply: `${inboxPrefix(holder)}.direct` });
        for (const way of [...subjectsOf(holder), ...holders.map((other) => `${inboxPrefix(other)}.trick`)])
          connection.publish(way, FORGED, { reply: subject });
      }
    }
    for (const holder of holders) await key(holder).flush();
    // Actors handle messages in order: after a request of the operator's, those before it are handled.
    await cluster.client.list('pods', { namespace: 'team-a' });
    await spy.flush();

    const others = ['operator', 'master'].flatMap(goals).filter((subject) => subject.includes('team-c'));
    const passed = heard.filter(({ subject }) => [...others, ...STORE].includes(subject));
    const byServer = holders.some(isTrusted) ? passed.filter(({ text }) => isServers(text)) : [];
    expect(passed).toEqual(byServer);
    const leaked = [VALUE, Buffer.from(VALUE).toString('base64')];
    expect(heard.filter(({ text }) => leaked.some((word) => text.includes(word)))).toEqual([]);
    expect(heard.filter(({ text }) => text.includes('stream_names_response'))).toEqual([]);
    const { items } = await cluster.client.list('configmaps', {});
    expect(items.map(({ metadata }) => metadata?.name)).not.toContain(MARK);
    const pod = await cluster.client.get<Pod>('pods', { namespace: 'team-c', name: 'web' });
    expect([pod.spec?.nodeName, pod.metadata?.deletionTimestamp]).toEqual([undefined, undefined]);
  });
});

it('the store driver, master and nodes are unharmed, and what happened replays', async () => {
  const stats = await cluster.stats();
  expect(stats.filter(({ restarts }) => restarts > 0)).toEqual([]);
  await expectReplays(cluster, { rubbish: true }); // nodes and services wrote into their own journals
});
