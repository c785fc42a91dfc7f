import { jetstreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from 'nats';
import { describe, expect, it } from 'vitest';
import { connectAs, startNatsServer } from '../../test/support/nats-server.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { withNats } from '../../test/support/with-nats.ts';
import { ensureAssets } from './ensure-assets.ts';
import { DATA_VERSION, DATA_VERSION_NAME, isTemporary, refuseNewerData, sameConfig } from './plan-assets.ts';

let connection: NatsConnection;
withNats((own) => {
  connection = own;
});

describe('the assets of a cluster', () => {
  it('are made once, kept, and brought to new settings', async () => {
    const first = await ensureAssets({ connection, prefix: 'a' });
    expect(first.created).toHaveLength(6);
    expect(await ensureAssets({ connection, prefix: 'a' })).toEqual({ created: [], updated: [] });
    expect(await ensureAssets({ connection, prefix: 'a', leaseTtlMs: 5_000, keep: { maxBytes: 1 << 20 } })).toEqual({
      created: [],
      updated: ['KV_a-leases', 'a-journal'],
    });
  });

  it('can be made by several processes at once', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => ensureAssets({ connection, prefix: 'many' })));
    expect(all.flatMap((each) => each.updated)).toEqual([]);
  });

  it('are left alone when a newer version wrote them', async () => {
    await ensureAssets({ connection, prefix: 'new' });
    const manager = await jetstreamManager(connection);
    const { config } = await manager.streams.info('KV_new-objects');
    const metadata = { ...config.metadata, [DATA_VERSION_NAME]: String(DATA_VERSION + 1) };
    await manager.streams.update('KV_new-objects', { ...config, metadata });
    await expect(ensureAssets({ connection, prefix: 'new' })).rejects.toThrow(/data has version 2 .* start a newer/);
  });

  it('make do with the room that the disk has', async () => {
    const small = await startNatsServer({ config: 'jetstream { max_file_store: 300MB }' });
    const own = await connectAs(small);
    await ensureAssets({ connection: own, prefix: 'small' });
    expect(await ensureAssets({ connection: own, prefix: 'small' })).toEqual({ created: [], updated: [] });
    const manager = await jetstreamManager(own);
    expect((await manager.streams.info('small-journal')).config.max_bytes).toBe(2 ** 28);
    await own.close();
    await small.stop();
  });

  it('republish objects and events on subjects of their own', async () => {
    await ensureAssets({ connection, prefix: 'pub' });
    const heard: Msg[] = [];
    connection.subscribe('pub.*.>', { callback: (_, message) => void heard.push(message) });
    connection.publish('$KV.pub-events.events.default.x', '{}');
    connection.publish('$KV.pub-objects.pods.default.y', '{}');
    await waitUntil('both are republished', 5_000, () => heard.length === 2);
    expect(heard.map((message) => message.subject).sort()).toEqual([
      'pub.changes.pods.default.y',
      'pub.events.default.x',
    ]);
  });

  it.each([
    { why: 'today', metadata: { [DATA_VERSION_NAME]: String(DATA_VERSION) }, refused: false },
    { why: 'unmarked', metadata: {}, refused: false },
    { why: 'newer', metadata: { [DATA_VERSION_NAME]: String(DATA_VERSION + 1) }, refused: true },
    { why: 'unreadable', metadata: { [DATA_VERSION_NAME]: 'x' }, refused: true },
  ])('data of version $why', ({ metadata, refused }) => {
    expect(refuseNewerData(metadata) !== undefined).toBe(refused);
  });

  it.each([
    { why: 'no leader yet', name: 'JetStreamApiError', code: 10008, message: '', waits: true },
    { why: 'a stream that is offline', name: 'JetStreamApiError', code: 10118, message: '', waits: true },
    { why: 'no answer', name: 'TimeoutError', message: '', waits: true },
    {
      why: 'servers that are away',
      name: 'JetStreamApiError',
      code: 10005,
      message: 'no suitable peers for placement, peer offline',
      waits: true,
    },
    { why: 'too few servers', name: 'JetStreamApiError', code: 10005, message: 'no suitable peers', waits: false },
    { why: 'a server alone', name: 'JetStreamApiError', code: 10074, message: '', waits: false },
    { why: 'no JetStream', name: 'JetStreamNotEnabled', message: '', waits: false },
    { why: 'none in this account', name: 'JetStreamApiError', code: 10039, message: '', waits: false },
    { why: 'a user who may not', name: 'PermissionViolationError', message: '', waits: false },
    { why: 'a mistake of ours', name: 'TypeError', message: '', waits: false },
  ])('$why: is it waited for?', ({ waits, ...fault }) => {
    expect(isTemporary(fault)).toBe(waits);
  });

  it.each([
    { wanted: { a: 1, b: false }, found: { a: 1, c: 3 }, same: true },
    { wanted: { a: 1 }, found: { a: 2 }, same: false },
    { wanted: { a: { b: 'x' } }, found: { a: { b: 'x', c: 1 } }, same: true },
    { wanted: { a: ['x'] }, found: {}, same: false },
  ])('settings $wanted beside $found', ({ wanted, found, same }) => {
    expect(sameConfig(wanted, found)).toBe(same);
  });
});
