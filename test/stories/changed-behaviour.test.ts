import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { scoreLeastAllocated } from '../../actors/scheduler/score-least-allocated.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import {
  checkedRecordings,
  expectReplays,
  type SimulatedCluster,
  startSimulatedCluster,
} from '../support/simulated-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';

/*
 * Goal: a replay points out what a change of an actor's code changes: which actor, in which turn, and what it says now.
 * Method: a cluster places pods; then its recordings are played against a scheduler that prefers the fuller node.
 */
let cluster: SimulatedCluster;
beforeAll(async () => {
  cluster = await startSimulatedCluster({ nodes: ['n1', 'n2'] });
});
afterAll(() => cluster?.stop());
afterEach(() => vi.restoreAllMocks());

const podOf = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'main', image: 'any:1', resources: { requests: { cpu: '100m', memory: '64Mi' } } }] },
});

const placed = async (name: string): Promise<string> => {
  await cluster.client.create('pods', 'default', podOf(name));
  return waitUntil(`${name} has a node`, 20_000, async () => {
    const { spec } = await cluster.client.get<Pod>('pods', { namespace: 'default', name });
    return spec?.nodeName;
  });
};

it('names the actor, the turn and the first thing that a changed scheduler says differently', async () => {
  const first = await placed('first');
  const second = await placed('second');
  expect(second).not.toBe(first);
  await expectReplays(cluster);

  const { score } = scoreLeastAllocated;
  vi.spyOn(scoreLeastAllocated, 'score').mockImplementation((...about) => 100 - score(...about));
  const checked = await checkedRecordings(cluster);
  const different = checked.filter(({ divergence }) => divergence !== undefined);
  expect(different.map(({ actor }) => actor)).toEqual(['scheduler']);
  const [{ divergence, turns } = { divergence: undefined, turns: 0 }] = different;
  expect(divergence?.turn).toBe(turns + 1);
  expect(divergence?.rec).toMatchObject({ t: 'change', keys: expect.arrayContaining(['pods.default.second']) });
  expect(divergence?.what).toContain('thing 1 of 1 said differs in its body: bind on');
  const [now] = divergence?.saidNow ?? [];
  expect(now?.said.body).toMatchObject({ target: { name: first } });
});
