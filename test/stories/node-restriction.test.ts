import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Pod, Secret } from '../../contracts/kinds/kinds.ts';
import type { Client } from '../../ops/client/client.ts';
import { expectReplays, type SimulatedCluster, startSimulatedCluster } from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: who takes over a node has what that node's pods need, and no more.
 * Method: two nodes run a pod each, with a secret each; with the credentials of the one, what belongs to the other is asked for.
 */
let cluster: SimulatedCluster;
let one: Client;

const podOf = (name: string, node: string, secret: string) => ({
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 0,
    nodeSelector: { 'kubernetes.io/hostname': node },
    containers: [{ name: 'main', image: 'app', envFrom: [{ secretRef: { name: secret } }] }],
  },
});
const at = (name: string) => ({ namespace: 'default', name });

beforeAll(async () => {
  cluster = await startSimulatedCluster({
    nodes: ['n1', 'n2'],
    runtime: { otherImages: { present: true, run: {} } },
  });
  one = await cluster.as('node-n1');
  for (const name of ['first', 'second', 'nobodys']) {
    await cluster.client.create('secrets', 'default', { metadata: { name }, stringData: { word: name } });
  }
  await cluster.client.create('pods', 'default', podOf('on-one', 'n1', 'first'));
  await cluster.client.create('pods', 'default', podOf('on-two', 'n2', 'second'));
  await waitUntil('both pods run', 20_000, async () => {
    const { items } = await cluster.client.list<Pod>('pods', { namespace: 'default' });
    return items.length === 2 && items.every((pod) => pod.status?.phase === 'Running');
  });
});
afterAll(() => cluster?.stop());

it('a node reads the Secrets that its own pods refer to, as long as they do', async () => {
  const secret = await one.get<Secret>('secrets', at('first'));
  expect(secret.data).toEqual({ word: Buffer.from('first').toString('base64') });
  for (const name of ['second', 'nobodys', 'none']) {
    await expect(one.get('secrets', at(name))).rejects.toThrow(/is forbidden: no relationship found .*"n1"/);
  }
  await cluster.client.delete('pods', at('on-one'), { gracePeriodSeconds: 0 });
  await waitUntil('its pod is gone', 20_000, () =>
    cluster.client.get('pods', at('on-one')).then(
      () => false,
      () => true,
    ),
  );
  await expect(one.get('secrets', at('first'))).rejects.toThrow(/no relationship found/);
});

it('a node changes the status of its own pods and of itself alone', async () => {
  const status = { status: { message: 'made up' } };
  await expect(one.patch('pods/status', at('on-two'), status)).rejects.toThrow(/only for pods bound to it/);
  await expect(one.delete('pods', at('on-two'))).rejects.toThrow(/only for pods bound to it/);
  await expect(one.patch('nodes/status', { name: 'n2' }, { status: {} })).rejects.toThrow(
    /only for itself, not for "n2"/,
  );
  await expect(one.create('nodes', undefined, { metadata: { name: 'n3' } })).rejects.toThrow(
    /only for itself, not for "n3"/,
  );
  const { metadata } = await one.patch<Pod>('nodes/status', { name: 'n1' }, { status: {} });
  expect(metadata?.name).toBe('n1');
  expect((await cluster.client.get<Pod>('pods', at('on-two'))).status?.message).toBeUndefined();
});

it('what happened replays', async () => {
  await expectReplays(cluster);
});
