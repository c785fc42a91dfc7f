import { expect, it, vi } from 'vitest';
import type { Event, Pod } from '../../contracts/kinds/kinds.ts';
import type { KubeList } from '../../contracts/messages/api.ts';
import { expectReplays, startSimulatedCluster } from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';
import { deploymentManifest, eventsAbout, podsOf, settled } from '../support/workloads.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: objects live and end as in Kubernetes.
 * Method: a Deployment on simulated nodes, from its manifest to its end.
 */
it('a Deployment is applied, paged, rolled and collected, and a pod that fits nowhere says why', async () => {
  const cluster = await startSimulatedCluster({
    nodes: ['n1', 'n2'],
  });
  const { client } = cluster;
  try {
    const web = { name: 'web', replicas: 3, image: 'one', graceSeconds: 0 };
    const apply = async (workload: typeof web) =>
      (await client.applyManifest('default', deploymentManifest(workload))).items.map(({ outcome }) => outcome);
    expect(await apply(web)).toEqual(['created']);
    expect(await apply(web)).toEqual(['unchanged']);
    await settled(client, web);
    const target = { namespace: 'default' };
    const page = await client.request<KubeList>('list', 'pods', target, { limit: 2 });
    expect([page.items.length, page.metadata.remainingItemCount]).toEqual([2, 1]);
    const rest = await client.request<KubeList>('list', 'pods', target, { continue: page.metadata.continue });
    expect([rest.items.length, rest.metadata.continue ?? '']).toEqual([1, '']);
    const next = { ...web, image: 'two', replicas: 2 };
    expect(await apply(next)).toEqual(['configured']);
    await settled(client, next);

    const spec = { containers: [{ name: 'main', image: 'one', resources: { requests: { cpu: '64' } } }] };
    await client.create('pods', 'default', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'big' }, spec });
    const why = '0/2 nodes are available: 2 Insufficient cpu.';
    await waitUntil('an event says why', 10_000, async () =>
      (await eventsAbout(client, 'big')).some(({ message }: Event) => message?.startsWith(why)),
    );

    await client.delete('deployments', { ...target, name: 'web' });
    await waitUntil('its pods are collected', 10_000, async () => {
      const pods: readonly Pod[] = await podsOf(client, 'web');
      return pods.length === 0;
    });
    await expectReplays(cluster);
  } finally {
    await cluster.stop();
  }
});
