import { cpSync, rmSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { startSimulatedCluster } from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: a store that is put back from a backup is the truth again, to workers too that ran on all the while.
 * Method: the server's files are copied, much is written and the leaders change, so that epochs and revisions rise; then
 * the copy takes the store's place under a running worker. What the store holds now is what comes to run.
 */
it('a worker that ran on follows the dispatcher of a restored store', async () => {
  const cluster = await startSimulatedCluster({
    runtime: { otherImages: { present: true, run: {} } },
    leaseTtlMs: 2_000,
  });
  const { server } = cluster;
  let { client } = cluster; // one that was cut off loses what it asks until it is back: another for each life of the server
  const backup = `${server.storeDir}-backup`;
  const pod = (name: string) => ({
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'app' }] },
  });
  const create = (name: string) => client.create('pods', 'default', pod(name));
  const runs = (name: string) =>
    waitUntil(`${name} runs`, 30_000, () =>
      client.get<Pod>('pods', { namespace: 'default', name }).then(
        ({ status }) => status?.phase === 'Running',
        () => false,
      ),
    );
  const running = async (): Promise<readonly string[]> => {
    const { containers } = await cluster.engine.runtime('n1').list();
    return containers
      .flatMap(({ state, pod: { name } }) => (state === 'running' ? [name] : []))
      .sort((a, b) => (a < b ? -1 : 1));
  };
  try {
    await create('before');
    await runs('before');
    await server.kill9();
    cpSync(server.storeDir, backup, { recursive: true });
    await server.restart();
    client = await cluster.as('operator');
    await runs('before');
    for (let each = 0; each < 50; each++)
      await client.create('configmaps', 'default', { metadata: { name: `more-${each}` } });
    await cluster.stopMaster('m1');
    await cluster.startMaster('m2');
    await create('after');
    await runs('after');
    expect(await running()).toEqual(['after', 'before']);

    await cluster.stopMaster('m2');
    await server.kill9();
    rmSync(server.storeDir, { recursive: true });
    cpSync(backup, server.storeDir, { recursive: true });
    await server.restart();
    client = await cluster.as('operator');
    await cluster.startMaster('m3');
    await create('anew');
    await runs('anew');
    await waitUntil('what the restored store does not know is gone', 30_000, async () => {
      return JSON.stringify(await running()) === JSON.stringify(['anew', 'before']);
    });
  } finally {
    await cluster.stop();
    rmSync(backup, { recursive: true, force: true });
  }
});
