import { jetstreamManager } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { bucketNames } from '../../contracts/store/buckets.ts';
import { connectAs, startNatsServer } from '../../test/support/nats-server.ts';
import { openStore } from '../../test/support/store.ts';
import { HistoryMirror } from './history-mirror.ts';
import { RetryingRequests } from './retrying-requests.ts';

it('waits for the mirror though the server was away for longer than the mirror may take', async () => {
  const server = await startNatsServer();
  const connection = await connectAs(server);
  try {
    const store = await openStore(connection, 'gate');
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'a' } };
    const { revision } = await store.ports.put({ key: 'configmaps.a.x', object, expect: 0, requestId: 'r' });
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const stream = bucketNames('gate').history;
    const parts = { manager, requests: new RetryingRequests(connection), stream, deadlineMs: 20_000 };
    expect(await new HistoryMirror({ ...parts, waitMs: 20_000 }).awaitCopied(revision)).toBe(true);
    await server.kill9();
    const passed = new HistoryMirror({ ...parts, waitMs: 1 }).awaitCopied(revision);
    await server.restart();
    expect(await passed).toBe(true);
    await store.close();
  } finally {
    await connection.close();
    await server.stop();
  }
});
