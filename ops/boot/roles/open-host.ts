import type { NatsConnection } from 'nats';
import { NatsCache } from '../../../actors/kernel/nats/nats-cache.ts';
import { Host } from '../../../actors/kernel/nats/nats-host.ts';
import { NatsRecorder } from '../../../actors/kernel/nats/nats-recorder.ts';
import { Cache } from '../../../actors/kernel/view/cache.ts';
import { retryWhileTemporary } from '../../../actors/store/ensure-assets.ts';
import { StatusError } from '../../../contracts/errors/status.ts';
import { bucketNames } from '../../../contracts/store/buckets.ts';
import { EPOCHS, storeKey } from '../../../contracts/store/keys.ts';
import { LEASE_TTL_MS } from '../../../contracts/store/limits.ts';
import { objectChanges } from '../../../contracts/store/object-changes.ts';
import type { ClusterKey } from '../../../contracts/store/sealed.ts';
import { inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { Client } from '../../client/client.ts';
import { BUILD } from '../home/build.ts';
import { reportActorFailures } from './actor-failure-events.ts';
import { journalSealer } from './journal-sealer.ts';
import type { RoleOptions } from './role-options.ts';

export interface HostSettings {
  /** Without it Secrets stay encrypted, and secret data is not recorded. */
  readonly clusterKey?: ClusterKey;
  readonly leaseTtlMs?: number;
  /** Freezes the objects of the cache, so that a behaviour that changes one fails; for tests. */
  readonly freeze?: boolean | undefined;
}

/** A host on a connection, with one cache of the store's objects for all actors that it hosts. */
export interface OpenHost {
  readonly host: Host;
  readonly feed: NatsCache;
  readonly client: Client;
}

/** Opens the cache and makes a host for actors. @throws StatusError; JetStreamApiError when the store does not exist */
export async function openHost(
  connection: NatsConnection,
  role: RoleOptions,
  { clusterKey, leaseTtlMs = LEASE_TTL_MS, freeze = false }: HostSettings,
): Promise<OpenHost> {
  const { prefix, log, user, instance } = role;
  const sealing = clusterKey === undefined ? {} : { clusterKey };
  const cache = new Cache();
  const hosted: { host?: Host } = {};
  const open = (): Promise<NatsCache> =>
    NatsCache.open({
      connection,
      bucket: bucketNames(prefix).objects,
      cache,
      changes: objectChanges(prefix),
      ...sealing,
      onChanges: (changes, relisted) => {
        if (relisted) hosted.host?.relisted();
        else for (const change of changes) hosted.host?.changed(change);
      },
      onAlarm: (status) => log(`error: ${status.message}`),
      onReport: (about, error) =>
        log(`warning: store: ${about}: ${error instanceof Error ? error.message : String(error)}`),
    });
  const feed = await retryWhileTemporary({ act: 'read the store', log }, open);
  const waiting = role.flushWithinMs === undefined ? {} : { flushWithinMs: role.flushWithinMs };
  const sealer = clusterKey === undefined ? {} : { sealer: journalSealer(clusterKey) };
  const recorder = role.record ? new NatsRecorder({ connection, prefix, ...sealer, log, ...waiting }) : undefined;
  const client = new Client(connection, { caller: user, prefix, inboxPrefix: inboxPrefix(user) });
  const host = new Host({
    connection,
    prefix,
    caller: user,
    instance,
    inboxPrefix: inboxPrefix(user),
    cache,
    lease: {
      prefix,
      ttlMs: leaseTtlMs,
      reached: (revision) => feed.reached(revision, { timeoutMs: 10_000 }),
      mayWrite: () => {
        if (feed.alarm !== undefined) throw new StatusError(feed.alarm);
      },
      newestEpoch: (actor) => cache.revisionOf(storeKey(EPOCHS, undefined, actor)),
    },
    build: BUILD,
    freeze,
    log,
    onEscalation: reportActorFailures(client, log, role.onBroken),
    ...(recorder === undefined ? {} : { recorder }),
  });
  hosted.host = host;
  return { host, feed, client };
}
