import { randomBytes } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { Checkpoints } from '../../actors/store/checkpoints.ts';
import { dropHistoryBefore } from '../../actors/store/retention.ts';
import { clusterKey } from '../../contracts/store/sealed.ts';
import { authorizationBlock } from '../../ops/boot/nats/nats-config.ts';
import { newSeed } from '../../ops/boot/users/nkeys.ts';
import { planPermissions } from '../../ops/boot/users/plan-permissions.ts';
import { readHistory } from '../../ops/replay/read/read-history.ts';
import { connectAs, startNatsServer } from '../support/nats-server.ts';
import { openStore } from '../support/store.ts';

/**
 * Goal: what the printed permissions let a master do is all that the store needs.
 * Method: everything that the store does, as that user, on a server with that configuration.
 */
it('the store works under the permissions that are printed for a master', async () => {
  const { seed, publicKey } = newSeed();
  const permissions = planPermissions('troupe', 'master', { kind: 'system', declared: [] });
  const server = await startNatsServer({ config: authorizationBlock([{ name: 'master', publicKey, permissions }]) });
  const connection = await connectAs(server, { name: 'master', seed });
  const violations: string[] = [];
  void (async () => {
    for await (const status of connection.status()) if (status.type === 'error') violations.push(status.error.message);
  })();
  const key = clusterKey(randomBytes(32));
  const store = await openStore(connection, 'troupe', { clusterKey: key, checkEveryMs: 50 });
  const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };
  const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' } };
  await store.ports.put({ key: 'secrets.a.s', object, expect: 0, requestId: 'one' });
  await store.ports.put({ key: 'secrets.a.s', object, expect: 0, requestId: 'one' }); // recognised: reads the stream
  await store.ports.purge({ key: 'secrets.a.s', expect: 1, requestId: 'two' });
  await store.ports.put({ key: 'pods.a.p', object: pod, expect: 0, requestId: 'three' });
  expect(await store.ports.fresh({})).toEqual({ revision: 3 });
  await store.ports.putEvent({ key: 'events.a.e', object: event });
  expect((await store.ports.getEvent({ key: 'events.a.e' })).object).toBeDefined();
  expect((await store.ports.listEvents({ limit: 10 })).objects).toHaveLength(1);
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const checkpoints = new Checkpoints({ connection, manager, prefix: 'troupe', clusterKey: key });
  expect(await checkpoints.write(store.cache)).toBe(true);
  const sizeAt = async (revision: number) =>
    [...(await readHistory(connection, 'troupe', key)).stateAt(revision)].length;
  expect(await sizeAt(1)).toBe(1);
  await dropHistoryBefore(manager, checkpoints, 'troupe', 3);
  await store.ports.put({ key: 'pods.a.q', object: { ...pod, metadata: { name: 'q' } }, expect: 0, requestId: 'four' });
  expect(await sizeAt(4)).toBe(2);
  expect(violations).toEqual([]);
  await store.close();
  await connection.close();
  await server.stop();
});
