import { expect, it, vi } from 'vitest';
import type { Deployment, Node, Pod } from '../../contracts/kinds/kinds.ts';
import { conditionOf, isTrue } from '../../contracts/kinds/meta/conditions.ts';
import type { SimulatedCluster } from '../support/simulated-cluster.ts';
import { onCluster, STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';
import { eventsAbout, nameOf, podsOf, settled, uidOf } from '../support/workloads.ts';

vi.setConfig({ testTimeout: STORY_MS });

const UNREACHABLE = 'node.kubernetes.io/unreachable';
const WITHIN_MS = 20_000;
/** How soon a node counts as silent here: a heartbeat is two seconds old before the next one is looked at, and machines are busy. */
const nodeLifecycle = { graceSeconds: 6, tickMs: 200 };

/** Leaves a silent node after a second, not after Kubernetes' five minutes. */
const restless = (replicas: number) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 5,
        tolerations: [{ key: UNREACHABLE, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 }],
        containers: [{ name: 'main', image: 'app' }],
      },
    },
  },
});

const readiness = ({ status }: Node) => conditionOf(status, 'Ready');
const nodeOf = ({ spec }: Pod): string => spec?.nodeName ?? '';
const runningOn = ({ engine }: SimulatedCluster, node: string): readonly string[] =>
  [...engine.node(node).containers.values()]
    .filter(({ status }) => status.state === 'running')
    .map(({ status }) => status.pod.name)
    .sort();

/*
 * Goal: a node that falls silent loses its work to others, and takes part again when it is back, without what it ran
 * meanwhile.
 * Method: two nodes, one worker stopped as by a power cut of its network: its containers run on behind everybody's back.
 */
it.concurrent(
  'a silent node is tainted and emptied; when it is back it stops what was given to others, and gets new work',
  onCluster({ nodes: ['n1', 'n2'], nodeLifecycle }, async (cluster) => {
    const { client } = cluster;
    const node = () => client.get<Node>('nodes', { name: 'n2' });
    await client.create('deployments', 'default', restless(4));
    const before = await settled(client, { name: 'web', replicas: 4, image: 'app' });
    const lost = before.filter((pod) => nodeOf(pod) === 'n2');
    expect(lost.length).toBeGreaterThan(0);
    // This one bears a silent node for five minutes, as pods do that say nothing.
    const patient = {
      metadata: { name: 'patient' },
      spec: { nodeName: 'n2', containers: [{ name: 'a', image: 'app' }] },
    };
    await client.create('pods', 'default', patient);
    await waitUntil('the patient pod runs', WITHIN_MS, () => runningOn(cluster, 'n2').includes('patient'));

    await cluster.stopWorker('n2');
    const unknown = await waitUntil('the node counts as unknown', WITHIN_MS, async () => {
      const found = await node();
      return readiness(found)?.status === 'Unknown' && (found.spec?.taints ?? []).length === 2 && found;
    });
    expect(readiness(unknown)).toMatchObject({ reason: 'NodeStatusUnknown', message: /stopped posting/ });
    expect(unknown.spec?.taints).toEqual([
      { key: UNREACHABLE, effect: 'NoSchedule' },
      { key: UNREACHABLE, effect: 'NoExecute', timeAdded: expect.any(String) },
    ]);
    await waitUntil('an event tells of it', WITHIN_MS, async () =>
      (await eventsAbout(client, 'n2')).some(({ reason }) => reason === 'NodeNotReady'),
    );

    const replaced = await waitUntil('others took over', WITHIN_MS, async () => {
      const pods = (await podsOf(client, 'web')).filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
      return pods.length === 4 && pods.every((pod) => nodeOf(pod) === 'n1' && pod.status?.phase === 'Running') && pods;
    });
    expect(replaced.map(uidOf)).toEqual(expect.arrayContaining(before.filter((pod) => !lost.includes(pod)).map(uidOf)));
    await waitUntil('an event tells of the eviction', WITHIN_MS, async () =>
      (await eventsAbout(client, nameOf(lost[0] as Pod))).some(({ reason }) => reason === 'TaintManagerEviction'),
    );
    // Nobody can say that they ended: they stay in the store until their node says so.
    const held = await podsOf(client, 'web');
    expect(
      held
        .filter((pod) => nodeOf(pod) === 'n2')
        .map(uidOf)
        .sort(),
    ).toEqual(lost.map(uidOf).sort());
    expect(runningOn(cluster, 'n2')).toEqual([...lost.map(nameOf), 'patient'].sort());
    const still = await client.get<Pod>('pods', { namespace: 'default', name: 'patient' });
    expect(still.metadata?.deletionTimestamp).toBeUndefined();
    expect(conditionOf(still.status, 'Ready')?.status).toBe('False');

    await cluster.startWorker('n2');
    await waitUntil('the node is ready and its taints are gone', WITHIN_MS, async () => {
      const found = await node();
      return readiness(found)?.status === 'True' && (found.spec?.taints ?? []).length === 0;
    });
    await waitUntil(
      'what others run now is stopped here',
      WITHIN_MS,
      () => runningOn(cluster, 'n2').join() === 'patient',
    );
    await waitUntil('and gone from the store', WITHIN_MS, async () => (await podsOf(client, 'web')).length === 4);
    await waitUntil('the patient pod is ready again', WITHIN_MS, async () => {
      const pod = await client.get<Pod>('pods', { namespace: 'default', name: 'patient' });
      return isTrue(pod.status, 'Ready');
    });
    await waitUntil('an event tells of it', WITHIN_MS, async () =>
      (await eventsAbout(client, 'n2')).some(({ reason }) => reason === 'NodeReady'),
    );

    await client.request(
      'patch',
      'deployments/scale',
      { namespace: 'default', name: 'web' },
      { spec: { replicas: 6 } },
    );
    const grown = await settled(client, { name: 'web', replicas: 6, image: 'app' });
    expect(grown.some((pod) => nodeOf(pod) === 'n2')).toBe(true);
  }),
);

/*
 * Goal: when every node is silent it is more likely that we are deaf: nobody is evicted. But who counts on its pods must
 * learn that nobody knows of them any more.
 * Method: the only worker stops; its pod tolerates that for a second only.
 */
it.concurrent(
  'when no node is heard of, its pods count as ready no longer, and nobody is evicted',
  onCluster({ nodes: ['n1'], nodeLifecycle }, async (cluster) => {
    const { client } = cluster;
    await client.create('deployments', 'default', restless(1));
    const [pod] = await settled(client, { name: 'web', replicas: 1, image: 'app' });
    await cluster.stopWorker('n1');
    const silent = await waitUntil('the node counts as unknown', WITHIN_MS, async () => {
      const found = await client.get<Node>('nodes', { name: 'n1' });
      return readiness(found)?.status === 'Unknown' && (found.spec?.taints ?? []).length > 0 && found;
    });
    expect(silent.spec?.taints).toEqual([{ key: UNREACHABLE, effect: 'NoSchedule' }]);
    await waitUntil('the Deployment has no ready pod', WITHIN_MS, async () => {
      const { status } = await client.get<Deployment>('deployments', { namespace: 'default', name: 'web' });
      return (status?.readyReplicas ?? 0) === 0;
    });
    await cluster.startWorker('n1');
    await waitUntil('the node is ready again', WITHIN_MS, async () => {
      const found = await client.get<Node>('nodes', { name: 'n1' });
      return readiness(found)?.status === 'True' && (found.spec?.taints ?? []).length === 0;
    });
    const [now] = await settled(client, { name: 'web', replicas: 1, image: 'app' });
    expect(uidOf(now as Pod)).toBe(uidOf(pod as Pod));
  }),
);

/*
 * Goal: no pod goes to a Node that no kubelet stands behind.
 * Method: a Node from a manifest, and a pod that wants that one and no other.
 */
it.concurrent(
  'a Node from a manifest takes no pod',
  onCluster({ nodes: ['n1'], nodeLifecycle }, async ({ client }) => {
    const made = await client.create<Node>('nodes', undefined, {
      metadata: { name: 'paper', labels: { of: 'paper' } },
    });
    expect(made.spec?.taints).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
    const spec = { nodeSelector: { of: 'paper' }, containers: [{ name: 'a', image: 'app' }] };
    await client.create('pods', 'default', { metadata: { name: 'picky' }, spec });
    await waitUntil('the scheduler tells why not', WITHIN_MS, async () =>
      (await eventsAbout(client, 'picky')).some(
        ({ reason, message }) => reason === 'FailedScheduling' && /node\.kubernetes\.io\/not-ready/.test(message ?? ''),
      ),
    );
    const pod = await client.get<Pod>('pods', { namespace: 'default', name: 'picky' });
    expect(pod.spec?.nodeName).toBeUndefined();
  }),
);

/*
 * Goal: two workers never call themselves alike without being told.
 * Method: a second worker for a node that has one, and one that takes the place of the first.
 */
it.concurrent(
  'a second worker of one name is refused while the first answers, and waits for one that ends',
  onCluster({ nodes: ['n1'] }, async (cluster) => {
    const { client } = cluster;
    await expect(cluster.startWorker('n1')).rejects.toThrow(
      /^start worker n1: another worker already runs node n1; stop it, or .* --node$/,
    );
    await client.create('pods', 'default', {
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'a', image: 'app' }] },
    });
    await waitUntil('the first goes on', WITHIN_MS, () => runningOn(cluster, 'n1').includes('p'));
    const next = cluster.startWorker('n1');
    await cluster.stopWorker('n1');
    await next;
    await waitUntil('the next one answers', WITHIN_MS, async () =>
      (await cluster.stats()).some(({ actor }) => actor === 'kubelet'),
    );
  }),
);
