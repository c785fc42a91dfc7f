import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Checkpoints } from '../../actors/store/checkpoints.ts';
import { dropHistoryBefore } from '../../actors/store/retention.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';
import {
  checkedRecordings,
  PREFIX,
  type SimulatedCluster,
  startSimulatedCluster,
} from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';
import { podRuns } from '../support/workloads.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: what retention leaves can be played, and of the rest it is said why not.
 * Method: one master works and is followed by another; the history goes up to a checkpoint between the two.
 */
let cluster: SimulatedCluster;
beforeAll(async () => {
  cluster = await startSimulatedCluster();
});
afterAll(() => cluster?.stop());

const run = async (name: string): Promise<void> => {
  const spec = { containers: [{ name: 'main', image: 'any:1' }] };
  await cluster.client.create('pods', 'default', { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec });
  await podRuns(cluster.client, name);
};

it('plays whoever began after the history that is kept, and tells what is lost to the others', async () => {
  await run('before');
  const connection = await cluster.connect('master');
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const checkpoints = new Checkpoints({ connection, manager, prefix: PREFIX, clusterKey: cluster.key });
    const { cache } = cluster.master.host;
    const at = cache.revision;
    expect(await checkpoints.write(cache)).toBe(true);
    await cluster.startMaster('m2');
    await cluster.stopMaster('m1');
    await run('after');
    await cluster.masters.get('m2')?.host.options.recorder?.flush();
    await dropHistoryBefore(manager, checkpoints, PREFIX, at);
    expect((await manager.streams.info(bucketNames(PREFIX).history)).state.first_seq).toBe(at + 1);

    const checked = await checkedRecordings(cluster, connection);
    expect(checked.filter(({ divergence, problem }) => divergence !== undefined || problem !== undefined)).toEqual([]);
    const seesTheStore = checked.filter(({ actor }) => actor !== 'kubelet');
    const later = seesTheStore.filter(({ instance }) => instance === 'm2');
    for (const { actor, turns, skipped } of later) expect([actor, turns > 0, skipped]).toEqual([actor, true, 0]);
    const busy = later.filter(({ turns }) => turns > 1).map(({ actor }) => actor);
    expect(busy).toEqual(expect.arrayContaining(['api-server', 'scheduler', 'dispatcher']));
    const api = seesTheStore.find(({ actor, instance }) => actor === 'api-server' && instance === 'm1');
    expect(api?.skips).toEqual([
      expect.objectContaining({ why: 'history', what: `the history has lost revisions 1 to ${at} of the store` }),
    ]);
  } finally {
    await connection.close();
  }
});
