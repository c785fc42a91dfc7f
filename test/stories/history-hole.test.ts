import { headers, type NatsConnection } from 'nats';
import { expect, it, vi } from 'vitest';
import { apiServer } from '../../actors/api-server/api-server.ts';
import { bootstrapObjects } from '../../actors/api-server/bootstrap/bootstrap-objects.ts';
import { NatsCache } from '../../actors/kernel/nats/nats-cache.ts';
import { NatsRecorder } from '../../actors/kernel/nats/nats-recorder.ts';
import { Cache } from '../../actors/kernel/view/cache.ts';
import { ensureAssets } from '../../actors/store/ensure-assets.ts';
import { storeDriver } from '../../actors/store/store-driver.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';
import { inboxPrefix } from '../../contracts/subjects/inbox.ts';
import { Client } from '../../ops/client/client.ts';
import { checkRecordings } from '../../ops/replay/play/check.ts';
import { definitionOf } from '../../ops/replay/play/definitions.ts';
import { readHistory } from '../../ops/replay/read/read-history.ts';
import { STORY_MS } from '../support/story.ts';
import { testHost } from '../support/test-host.ts';
import { waitUntil } from '../support/wait-until.ts';
import { withNats } from '../support/with-nats.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: what the mirror lost costs the replay the time around it, and not all that comes after, until a restart.
 * Method: an api-server works; somebody writes past it, so fast and with a purge at the end, that the mirror misses
 * revisions; the api-server works on.
 */
let connection: NatsConnection;
withNats((own) => {
  connection = own;
});

/** Writes one key more often than the bucket keeps, and purges it: as on a server that held the mirror and went away. */
async function writePast(): Promise<void> {
  const subject = `$KV.${bucketNames('troupe').objects}.configmaps.default.busy`;
  const busy = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'busy', namespace: 'default', uid: 'busy' } };
  for (let each = 0; each < 500; each++)
    connection.publish(subject, JSON.stringify({ ...busy, data: { n: `${each}` } }));
  const purge = headers();
  purge.set('KV-Operation', 'PURGE');
  purge.set('Nats-Rollup', 'sub');
  connection.publish(subject, '', { headers: purge });
  await connection.flush();
}

it('an api-server that worked on over a hole in the history is played from soon after it', async () => {
  const cache = new Cache();
  await ensureAssets({ connection, prefix: 'troupe' });
  const recorder = new NatsRecorder({ connection, prefix: 'troupe', log: () => undefined });
  const host = testHost({ connection, cache, recorder, freeze: true });
  const feed = await NatsCache.open({
    connection,
    bucket: bucketNames('troupe').objects,
    cache,
    onChanges: (changes) => {
      for (const change of changes) host.changed(change);
    },
  });
  const mended: number[] = [];
  const onHole = (revision: number): void => {
    mended.push(revision);
    host.forgetBefore(revision);
  };
  await host.startDriver(storeDriver({ connection, prefix: 'troupe', cache: feed, checkEveryMs: 50, onHole }));
  await host.start(apiServer({ instance: 'one', authorization: 'AlwaysAllow' }));
  const client = new Client(connection, { caller: 'alice', prefix: 'troupe', inboxPrefix: inboxPrefix('alice') });
  for (const object of bootstrapObjects()) await client.create('namespaces', undefined, object);
  let serial = 0;
  const work = async (): Promise<void> => {
    const { metadata } = await client.create('configmaps', 'default', { metadata: { name: `c${serial++}` } });
    await client.get('configmaps', { namespace: 'default', name: metadata?.name ?? '' });
  };
  try {
    await work();
    await waitUntil('a hole is found, and a checkpoint taken', 20_000, async () => {
      if (mended.length === 0) await writePast();
      return mended.length > 0;
    });
    // What was written last may still make another hole, and another checkpoint.
    await waitUntil('turns are played after it', 20_000, async () => {
      for (let each = 0; each < 20; each++) await work();
      await recorder.flush();
      const checked = await checkRecordings({
        connection,
        prefix: 'troupe',
        history: () => readHistory(connection, 'troupe'),
        definitionOf,
      });
      expect(checked).toMatchObject([{ actor: 'api-server' }]);
      return checked.every(({ turns, skipped, skips, divergence, problem }) => {
        expect([divergence, problem]).toEqual([undefined, undefined]);
        expect(skips.filter(({ why }) => why !== 'history')).toEqual([]);
        return turns + skipped - (skips.at(-1)?.to ?? 0) > 40; // two turns at least for each of 40 questions
      });
    });
  } finally {
    await host.stop();
    feed.close();
  }
});
