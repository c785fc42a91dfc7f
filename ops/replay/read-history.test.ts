import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MemoryHistory } from '../../actors/kernel/replay.ts';
import { Checkpoints } from '../../actors/store/checkpoints.ts';
import { dropHistoryBefore } from '../../actors/store/housekeeping.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { connectAs, startNatsServer, type TestNatsServer } from '../../test/support/nats-server.ts';
import { openStore } from '../../test/support/store.ts';
import { readHistory } from './read-history.ts';

let server: TestNatsServer;
let connection: NatsConnection;
beforeAll(async () => {
  server = await startNatsServer();
  connection = await connectAs(server);
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});

const pod = (name: string): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'a' } }) as KubeObject;

it('what retention dropped is still there as the state it led to', async () => {
  const prefix = 'kept';
  const store = await openStore(connection, prefix);
  const put = async (name: string, expectation = 0): Promise<number> =>
    (
      await store.ports.put({
        key: `pods.a.${name}`,
        object: pod(name),
        expect: expectation,
        requestId: `${name}-${expectation}`,
      })
    ).revision;
  const x = await put('x');
  const y = await put('y');
  await store.ports.purge({ key: 'pods.a.x', expect: x, requestId: 'gone' });
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const checkpoints = new Checkpoints({ connection, manager, prefix });
  const at = (await store.ports.fresh({})).revision;
  expect(await checkpoints.write(store.cache)).toBe(true);
  const z = await put('z');
  const whole = new MemoryHistory(await readHistory(connection, prefix));
  await dropHistoryBefore(manager, checkpoints, prefix, at);

  const kept = new MemoryHistory(await readHistory(connection, prefix));
  const names = (history: MemoryHistory, revision: number): string[] =>
    [...history.stateAt(revision)].map(({ key, revision: at }) => `${key}@${at}`);
  expect(names(kept, at)).toEqual([`pods.a.y@${y}`]);
  expect(names(kept, z)).toEqual(names(whole, z));
  expect([...kept.writes(at, z)].map(({ key }) => key)).toEqual(['pods.a.z']);
  await store.close();
});
