import { expect, it, vi } from 'vitest';
import type { NodeAddresses } from '../../contracts/messages/node.ts';
import { checkedRecordings, type SimulatedCluster } from '../support/simulated-cluster.ts';
import { onCluster, STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: a node knows what its actors declare of the cluster, and no more; without permissions on the store.
 * Method: two nodes; the addresses as a node tells them, before and after changes. What its user is refused is in the tests of permissions.
 */
const tableOf = async ({ client }: SimulatedCluster, node: string): Promise<NodeAddresses> =>
  (await client.connection.request(`troupe.node.${node}.network`, '', { timeout: 2_000 })).json<NodeAddresses>();

const until = (cluster: SimulatedCluster, what: string, table: NodeAddresses): Promise<unknown> =>
  waitUntil(what, 20_000, async () => {
    const now = await tableOf(cluster, 'n1').catch(() => undefined); // until its view is there, nobody answers
    return JSON.stringify(now) === JSON.stringify(table);
  });

it(
  'a node knows the addresses of all nodes, follows their changes, and its recording replays',
  onCluster({ nodes: ['n1', 'n2'] }, async (cluster) => {
    const row = (name: string, podCIDRs: readonly string[] = []) => ({
      name,
      addresses: ['127.0.0.1'],
      podCIDRs,
      ready: true,
    });
    const one = await cluster.as('node-n1');
    expect((await one.list('nodes', {})).items).toHaveLength(2);
    await until(cluster, 'n1 knows both', { nodes: [row('n1'), row('n2')] });
    await cluster.client.patch('nodes', { name: 'n2' }, { spec: { podCIDR: '10.244.2.0/24' } });
    await until(cluster, 'n1 knows the change', { nodes: [row('n1'), row('n2', ['10.244.2.0/24'])] });
    await cluster.stopWorker('n2');
    await cluster.client.delete('nodes', { name: 'n2' });
    await until(cluster, 'n1 knows the deletion', { nodes: [row('n1')] });
    await cluster.workers.get('n1')?.host.options.recorder?.flush();
    const checked = (await checkedRecordings(cluster)).find(
      ({ actor, instance }) => actor === 'node-network' && instance === 'n1',
    );
    expect(checked?.divergence).toBeUndefined();
    expect(checked?.turns).toBeGreaterThanOrEqual(4); // the start, and a question for each state
  }),
);
