import { apiServer } from '../../actors/api-server/api-server.ts';
import { bootstrapObjects } from '../../actors/api-server/bootstrap.ts';
import type { Limits } from '../../actors/api-server/limits.ts';
import type { NodeLifecycleConfig } from '../../actors/controllers/node-lifecycle/node-lifecycle.ts';
import { NatsCache } from '../../actors/kernel/nats/nats-cache.ts';
import { Host } from '../../actors/kernel/nats/nats-host.ts';
import { NatsRecorder } from '../../actors/kernel/nats/nats-recorder.ts';
import { Cache } from '../../actors/kernel/view/cache.ts';
import { atLast, ensureAssets } from '../../actors/store/ensure-assets.ts';
import type { Keep } from '../../actors/store/plan-retention.ts';
import { storeDriver } from '../../actors/store/store-driver.ts';
import { StatusError } from '../../contracts/errors/status.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';
import { EPOCHS, storeKey } from '../../contracts/store/keys.ts';
import { LEASE_TTL_MS } from '../../contracts/store/limits.ts';
import { objectChanges } from '../../contracts/store/object-changes.ts';
import { type ClusterKey, clusterKey } from '../../contracts/store/sealed.ts';
import { inboxPrefix } from '../../contracts/subjects/inbox.ts';
import { Client } from '../client/client.ts';
import { BUILD } from './build.ts';
import { escalations } from './escalate.ts';
import { journalSealer } from './journal-sealer.ts';
import { masterMandate } from './mandate.ts';
import { connectRole, leave, type RoleOptions } from './role.ts';
import { singletonsWith } from './roster.ts';

export interface MasterOptions extends RoleOptions {
  /** 32 bytes that seal Secrets. */
  readonly clusterKeyBytes: Uint8Array;
  /** Host the api-server alone, or also the scheduler, controllers and dispatcher. */
  readonly singletons?: boolean;
  /** When nodes count as silent; Kubernetes' figures by default. */
  readonly nodeLifecycle?: Partial<NodeLifecycleConfig>;
  readonly limits?: Partial<Limits>;
  /**
   * Milliseconds after which another master takes over from one that fell silent; 10 s by default, at least 100. Every master
   * of a cluster must be told the same.
   */
  readonly leaseTtlMs?: number;
  /** Objects of the cache are frozen, so that a behaviour that changes one fails; for tests. */
  readonly freeze?: boolean;
  /** How many servers of a NATS cluster keep each stream; default as they are, and 3 for new ones. */
  readonly replicas?: number | undefined;
  /** How long and how large recordings, and what they refer to, may become. */
  readonly keep?: Keep;
}

export interface RunningRole {
  readonly instance: string;
  readonly host: Host;
  stop(): Promise<void>;
}

/** Runs the control plane's actors in this process, on one connection, with one cache for all. */
export async function runMaster(options: MasterOptions): Promise<RunningRole> {
  const { prefix, log } = options;
  const key: ClusterKey = clusterKey(options.clusterKeyBytes);
  const leaseTtlMs = options.leaseTtlMs ?? LEASE_TTL_MS;
  const connection = await connectRole('master', options, masterMandate(prefix));
  await ensureAssets({ connection, prefix, replicas: options.replicas, leaseTtlMs, keep: options.keep, tell: log });
  const cache = new Cache();
  const hosted: { host?: Host } = {};
  const open = (): Promise<NatsCache> =>
    NatsCache.open({
      connection,
      bucket: bucketNames(prefix).objects,
      cache,
      changes: objectChanges(prefix),
      clusterKey: key,
      onChanges: (changes, relisted) => {
        if (relisted) hosted.host?.relisted();
        else for (const change of changes) hosted.host?.changed(change);
      },
      onAlarm: (status) => log(`error: ${status.message}`),
      onReport: (about, error) =>
        log(`warning: store: ${about}: ${error instanceof Error ? error.message : String(error)}`),
    });
  const feed = await atLast({ act: 'read the store', tell: log }, open);
  const waiting = options.flushWithinMs === undefined ? {} : { flushWithinMs: options.flushWithinMs };
  const recorder = options.record
    ? new NatsRecorder({ connection, prefix, sealer: journalSealer(key), log, ...waiting })
    : undefined;
  const client = new Client(connection, { caller: options.user, prefix, inboxPrefix: inboxPrefix(options.user) });
  const host = new Host({
    connection,
    prefix,
    caller: options.user,
    instance: options.instance,
    inboxPrefix: inboxPrefix(options.user),
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
    log,
    onEscalation: escalations(client, log, options.onBroken),
    ...(recorder === undefined ? {} : { recorder }),
  });
  hosted.host = host;
  await host.startDriver(
    storeDriver({
      connection,
      prefix,
      cache: feed,
      clusterKey: key,
      onHole: (revision) => host.forgetBefore(revision),
    }),
  );
  await host.start(apiServer({ instance: options.instance, ...(options.limits && { limits: options.limits }) }));
  await bootstrap(client);
  const running =
    options.singletons === false
      ? []
      : await Promise.all(singletonsWith(options.nodeLifecycle).map((definition) => host.start(definition)));
  log(`master ${options.instance} is ready`);
  return {
    instance: options.instance,
    host,
    stop: async () => {
      await Promise.all(running.map((one) => one.stop()));
      await host.stop();
      feed.close();
      await leave(connection, log);
    },
  };
}

/** Creates what every cluster has from the start; another master may have been first. */
async function bootstrap(client: Client): Promise<void> {
  for (const object of bootstrapObjects()) {
    try {
      await client.request('create', 'namespaces', { name: object.metadata?.name ?? '' }, object, {
        timeoutMs: 10_000,
      });
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
    }
  }
}
