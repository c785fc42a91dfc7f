import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Event, Namespace, Pod } from '../../contracts/kinds/kinds.ts';
import type { Client } from '../../ops/client/client.ts';
import {
  expectReplays,
  expectUnharmed,
  type SimulatedCluster,
  startSimulatedCluster,
} from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: a tenant cannot take over a node through a pod, neither by itself nor through a controller, unless the operator allows it.
 * Method: a master and a worker under the permissions that boot prints; a tenant's client and the operator's.
 */
let cluster: SimulatedCluster;
let alice: Client;
let operator: Client;

beforeAll(async () => {
  cluster = await startSimulatedCluster({ tenants: { alice: ['team-a'] } });
  [alice, operator] = await Promise.all([cluster.as('alice'), cluster.as('operator')]);
});
afterAll(() => cluster?.stop());

const ENFORCE = 'pod-security.kubernetes.io/enforce';
const rooted = {
  volumes: [{ name: 'root', hostPath: { path: '/' } }],
  containers: [{ name: 'main', image: 'web:1', securityContext: { privileged: true } }],
};
const WORDS =
  'violates PodSecurity "baseline:latest": hostPath volumes (volume "root"), ' +
  'privileged (container "main" must not set securityContext.privileged=true)';

it('a pod of a tenant that asks for the node is refused, with every reason', async () => {
  const created = alice.create('pods', 'team-a', { metadata: { name: 'rooted' }, spec: rooted });
  await expect(created).rejects.toMatchObject({
    status: { code: 403, message: `pods "rooted" is forbidden: ${WORDS}` },
  });
  await alice.create('pods', 'team-a', {
    metadata: { name: 'plain' },
    spec: { containers: [{ name: 'main', image: 'web:1' }] },
  });
});

it('so is one that a controller makes for the tenant, and an event says so', async () => {
  await alice.create('deployments', 'team-a', {
    metadata: { name: 'rooted' },
    spec: {
      selector: { matchLabels: { app: 'rooted' } },
      template: { metadata: { labels: { app: 'rooted' } }, spec: rooted },
    },
  });
  await waitUntil('an event says why no pod comes', STORY_MS, async () =>
    (await alice.list<Event>('events', { namespace: 'team-a' })).items.some(
      ({ reason, message = '' }) => reason === 'FailedCreate' && message.includes(WORDS),
    ),
  );
  expect((await alice.list<Pod>('pods', { namespace: 'team-a' }, { labelSelector: 'app=rooted' })).items).toEqual([]);
});

it('the tenant cannot change that, and the operator can', async () => {
  const level = async () =>
    (await operator.get<Namespace>('namespaces', { name: 'team-a' })).metadata?.labels?.[ENFORCE];
  expect(await level()).toBe('baseline');
  const labels = { metadata: { labels: { [ENFORCE]: 'privileged' } } };
  await expect(alice.request('patch', 'namespaces', { name: 'team-a' }, labels, { timeoutMs: 500 })).rejects.toThrow();
  expect(await level()).toBe('baseline');
  await operator.request('patch', 'namespaces', { name: 'team-a' }, labels);
  await alice.create('pods', 'team-a', { metadata: { name: 'allowed' }, spec: rooted });
});

it('what was refused is recorded and plays back', async () => {
  await expectUnharmed(cluster);
  await expectReplays(cluster);
});
