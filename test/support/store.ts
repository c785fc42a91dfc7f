import type { NatsConnection } from 'nats';
import type { Change } from '../../actors/kernel/contract.ts';
import type { DriverContext } from '../../actors/kernel/declare.ts';
import { NatsCache } from '../../actors/kernel/nats/nats-cache.ts';
import { Cache } from '../../actors/kernel/view/cache.ts';
import { ensureAssets } from '../../actors/store/ensure-assets.ts';
import { type StoreDriverOptions, storeDriver } from '../../actors/store/store-driver.ts';
import type { StorePorts, StoreStats } from '../../contracts/messages/store.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';
import { objectChanges } from '../../contracts/store/object-changes.ts';
import type { ClusterKey } from '../../contracts/store/sealed.ts';

type Ports = { readonly [Op in keyof StorePorts]: (body: StorePorts[Op][0]) => Promise<StorePorts[Op][1]> };

/** The store driver as an api-server of one process has it, without an api-server. */
export interface TestStore {
  readonly ports: Ports;
  readonly cache: Cache;
  readonly feed: NatsCache;
  readonly changes: Change[];
  readonly reports: string[];
  /** What its micro service shows. */
  stats(): StoreStats;
  close(): Promise<void>;
}

/**
 * Makes the assets of `prefix`, opens a feed and starts the driver on it.
 * @param options.told listen to the changes that the server republishes; default true
 */
export async function openStore(
  connection: NatsConnection,
  prefix: string,
  options: Partial<StoreDriverOptions> & { readonly clusterKey?: ClusterKey; readonly told?: boolean } = {},
): Promise<TestStore> {
  await ensureAssets({ connection, prefix, keep: { maxBytes: 2 ** 20 } });
  const changes: Change[] = [];
  const reports: string[] = [];
  const cache = new Cache();
  const feed = await NatsCache.open({
    connection,
    bucket: bucketNames(prefix).objects,
    ...(options.told === false ? {} : { changes: objectChanges(prefix) }),
    cache,
    clusterKey: options.clusterKey,
    onChanges: (some) => changes.push(...some),
    onReport: (key, error) => reports.push(`${key}: ${error instanceof Error ? error.message : String(error)}`),
  });
  const context: DriverContext<unknown> = {
    self: { actor: 'store', instance: 'test', caller: 'test', prefix },
    say: {},
    sendBytes: () => undefined,
    send: () => undefined,
    ask: () => Promise.reject(new Error('the store asks nobody')),
    signal: new AbortController().signal,
    report: (key, error) => reports.push(`${key}: ${error instanceof Error ? error.message : String(error)}`),
  };
  const running = await storeDriver({ connection, prefix, cache: feed, ...options }).run(context);
  return {
    ports: running.ports as unknown as Ports,
    cache,
    feed,
    changes,
    reports,
    stats: () => running.account?.() as StoreStats,
    close: async () => {
      await running.stop?.();
      feed.close();
    },
  };
}
