import { jetstreamManager } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { type EnsureOptions, ensureAssets } from '../../../actors/store/ensure-assets.ts';
import { connectAs, startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { quietPorts } from '../../../test/support/quiet-ports.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';

/* Goal: on a NATS cluster nothing is lost with one server, unless somebody wants it so. Method: three real servers. */

it('streams have three replicas on a NATS cluster of three, and keep as many as they have until others are asked for', async () => {
  const ports = await quietPorts(3);
  const routes = ports.map((port) => `"nats://127.0.0.1:${port}"`).join(', ');
  const start = (at: number): Promise<TestNatsServer> =>
    startNatsServer({
      config: `server_name: n${at}\ncluster { name: c, listen: "127.0.0.1:${ports[at]}", routes: [${routes}] }`,
    });
  const connection = await connectAs(await start(0));
  const told: string[] = [];
  const ensure = (more: Partial<EnsureOptions> = {}): ReturnType<typeof ensureAssets> =>
    ensureAssets({ connection, prefix: 'c', log: (line) => told.push(line), ...more });

  const first = ensure();
  await waitUntil('it waits for the cluster', 20_000, () => told.length > 0);
  await Promise.all([start(1), start(2)]);
  const { created } = await first;
  expect(created).toHaveLength(6);
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const replicas = async (): Promise<readonly number[]> =>
    Promise.all(created.map(async (name) => (await manager.streams.info(name)).config.num_replicas));
  expect(await replicas()).toEqual([3, 3, 3, 3, 3, 3]);
  expect(told.every((line) => /^warning: create stream KV_c-objects: .*; retrying$/.test(line))).toBe(true);

  told.length = 0;
  expect(await ensure()).toEqual({ created: [], updated: [] });
  expect(await replicas()).toEqual([3, 3, 3, 3, 3, 3]);
  expect(told).toEqual([]);

  await ensure({ replicas: 1 });
  expect(told).toHaveLength(6);
  expect(told[0]).toBe('stream KV_c-objects: replicas changed from 3 to 1, as requested');
  told.length = 0;
  expect(await ensure()).toEqual({ created: [], updated: [] });
  expect(await replicas()).toEqual([1, 1, 1, 1, 1, 1]);
  expect(told).toEqual([
    `warning: only one server of the NATS cluster "c" keeps ${created.join(', ')}; once the cluster has three servers, start "troupe master --replicas 3" for three copies`,
  ]);

  await ensure({ replicas: 3 });
  expect(await replicas()).toEqual([3, 3, 3, 3, 3, 3]);
  await expect(ensure({ replicas: 5 })).rejects.toThrow(/5 replicas need a NATS cluster of at least 5 servers/);
  await connection.close();
}, 60_000);
