import { expect, it, vi } from 'vitest';
import type { Deployment, Pod, ReplicaSet } from '../../contracts/kinds/kinds.ts';
import { conditionOf, isTrue } from '../../contracts/kinds/meta/conditions.ts';
import type { Client } from '../../ops/client/client.ts';
import { onCluster, STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';
import { nameOf, podsOf, settled, uidOf } from '../support/workloads.ts';

vi.setConfig({ testTimeout: STORY_MS });

const WITHIN_MS = 20_000;
const at = (name: string) => ({ namespace: 'default', name });
const containers = (image: string) => [{ name: 'main', image }];
const isReady = ({ metadata, status }: Pod): boolean =>
  metadata?.deletionTimestamp === undefined && isTrue(status, 'Ready');
const readyPods = (client: Client, app: string, count: number) =>
  waitUntil(`${count} pods of ${app} are ready`, WITHIN_MS, async () => {
    const pods = await podsOf(client, app);
    return pods.length === count && pods.every(isReady) && pods;
  });
const condition = ({ status }: Deployment, type: string) => conditionOf(status, type);

/*
 * Goal: a ReplicaSet owns what its selector chooses and nobody else owns, and lets go of what no longer fits.
 * Method: pods that were there before it, a label taken off a pod, and a set orphaned to another.
 */
it.concurrent(
  'a ReplicaSet adopts pods that fit, releases one whose label goes, and makes up for it',
  onCluster({ nodes: ['n1', 'n2'] }, async ({ client }) => {
    const pod = (name: string, app: string) => ({
      metadata: { name, labels: { app } },
      spec: { terminationGracePeriodSeconds: 0, containers: containers('app') },
    });
    await client.create('pods', 'default', pod('early', 'set'));
    await client.create('pods', 'default', pod('other', 'none'));
    await waitUntil('the early one runs', WITHIN_MS, async () => (await podsOf(client, 'set')).every(isReady));
    const template = { metadata: { labels: { app: 'set' } }, spec: pod('', '').spec };
    await client.create('replicasets', 'default', {
      metadata: { name: 'set' },
      spec: { replicas: 3, selector: { matchLabels: { app: 'set' } }, template },
    });
    const three = await readyPods(client, 'set', 3);
    expect(three.map(nameOf)).toContain('early');
    const set = await client.get<ReplicaSet>('replicasets', at('set'));
    for (const { metadata } of three)
      expect(metadata?.ownerReferences).toEqual([
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: 'set',
          uid: set.metadata?.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ]);
    // Taken out to be looked at; another one does its work meanwhile.
    await client.patch('pods', at('early'), { metadata: { labels: { app: 'looked-at' } } });
    const again = await readyPods(client, 'set', 3);
    expect(again.map(nameOf)).not.toContain('early');
    await waitUntil(
      'it belongs to nobody',
      WITHIN_MS,
      async () => ((await client.get<Pod>('pods', at('early'))).metadata?.ownerReferences ?? []).length === 0,
    );
    // Given back there is one too many.
    await client.patch('pods', at('early'), { metadata: { labels: { app: 'set' } } });
    await readyPods(client, 'set', 3);
    await client.delete('replicasets', at('set'));
    await waitUntil('all of it goes', WITHIN_MS, async () => (await podsOf(client, 'set')).length === 0);
    expect((await podsOf(client, 'none')).map(nameOf)).toEqual(['other']);
  }),
);

/*
 * Goal: a Deployment says whether it gets on, and is available only when its pods have been ready for as long as it asks.
 * Method: one that must be ready for two seconds, one whose image never comes within its deadline.
 */
it.concurrent(
  'a Deployment waits for minReadySeconds, and says when its deadline has passed',
  onCluster({ runtime: { images: { never: { pull: { fails: 'no such image' } } } } }, async ({ client }) => {
    const deployment = (name: string, image: string, more: object) => ({
      metadata: { name },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { terminationGracePeriodSeconds: 0, containers: containers(image) },
        },
        ...more,
      },
    });
    await client.create('deployments', 'default', deployment('slow', 'app', { minReadySeconds: 2 }));
    await client.create('deployments', 'default', deployment('stuck', 'never', { progressDeadlineSeconds: 1 }));
    const [pod] = await readyPods(client, 'slow', 1);
    const early = await client.get<Deployment>('deployments', at('slow'));
    expect([early.status?.availableReplicas ?? 0, condition(early, 'Available')?.status]).toEqual([0, 'False']);
    const late = await waitUntil('it is available', WITHIN_MS, async () => {
      const found = await client.get<Deployment>('deployments', at('slow'));
      return found.status?.availableReplicas === 1 && found;
    });
    const readyAt = Date.parse(conditionOf(pod?.status, 'Ready')?.lastTransitionTime ?? '');
    const availableAt = Date.parse(condition(late, 'Available')?.lastTransitionTime ?? '');
    expect(availableAt - readyAt).toBeGreaterThanOrEqual(2_000);
    expect(condition(late, 'Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });

    const stuck = await waitUntil('the deadline has passed', WITHIN_MS, async () => {
      const found = await client.get<Deployment>('deployments', at('stuck'));
      return condition(found, 'Progressing')?.status === 'False' && found;
    });
    expect(condition(stuck, 'Progressing')).toMatchObject({
      reason: 'ProgressDeadlineExceeded',
      message: expect.stringMatching(/has timed out progressing/),
    });
    await client.patch('deployments', at('stuck'), [
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'app' },
    ]);
    await settled(client, { name: 'stuck', replicas: 1, image: 'app' });
    await waitUntil(
      'it says that it got on',
      WITHIN_MS,
      async () =>
        condition(await client.get<Deployment>('deployments', at('stuck')), 'Progressing')?.reason ===
        'NewReplicaSetAvailable',
    );
  }),
);

/*
 * Goal: a node that is deleted takes its pods along, also those that nobody could stop.
 * Method: a worker that ends, and whose Node is then deleted.
 */
it.concurrent(
  'pods of a node that is gone are replaced elsewhere, and the others stay',
  onCluster({ nodes: ['n1', 'n2'], nodeLifecycle: { quarantineSeconds: 1, tickMs: 200 } }, async (cluster) => {
    const { client } = cluster;
    await client.create('deployments', 'default', {
      metadata: { name: 'web' },
      spec: {
        replicas: 4,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { terminationGracePeriodSeconds: 1, containers: containers('app') },
        },
      },
    });
    const before = await readyPods(client, 'web', 4);
    expect(new Set(before.map(({ spec }) => spec?.nodeName))).toEqual(new Set(['n1', 'n2']));
    await cluster.stopWorker('n2');
    await client.delete('nodes', { name: 'n2' });
    const after = await waitUntil('others took over', WITHIN_MS, async () => {
      const pods = await podsOf(client, 'web');
      return pods.length === 4 && pods.every((pod) => isReady(pod) && pod.spec?.nodeName === 'n1') && pods;
    });
    // What could stay stayed.
    const stayed = before.filter(({ spec }) => spec?.nodeName === 'n1').map(uidOf);
    expect(after.map(uidOf)).toEqual(expect.arrayContaining(stayed));
  }),
);
