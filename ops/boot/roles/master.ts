import { bootstrapObjects } from '../../../actors/api-server/bootstrap/bootstrap-objects.ts';
import type { Limits } from '../../../actors/api-server/limits.ts';
import type { NodeLifecycleConfig } from '../../../actors/controllers/node-lifecycle/node-lifecycle.ts';
import type { Host } from '../../../actors/kernel/nats/nats-host.ts';
import { ensureAssets } from '../../../actors/store/ensure-assets.ts';
import type { Keep } from '../../../actors/store/plan-retention.ts';
import { StatusError } from '../../../contracts/errors/status.ts';
import { LEASE_TTL_MS } from '../../../contracts/store/limits.ts';
import { type ClusterKey, clusterKey } from '../../../contracts/store/sealed.ts';
import type { Client } from '../../client/client.ts';
import { BUILD } from '../home/build.ts';
import { isActor, isDriver, MASTER_TABLE, type MasterParts, viewedByNodes } from './hosted-actors.ts';
import { openHost } from './open-host.ts';
import { bootstrapRoles } from './bootstrap-roles.ts';
import { connectRole, leave } from './role-connection.ts';
import type { RoleOptions } from './role-options.ts';
import { requiredOfMaster } from './role-permissions.ts';

export interface MasterOptions extends RoleOptions {
  /** The 32-byte key that encrypts Secrets. */
  readonly clusterKeyBytes: Uint8Array;
  /** Host singletons (scheduler, controllers, dispatcher) beside the api-server; default true. */
  readonly singletons?: boolean;
  /** Names of singletons that other processes host. */
  readonly without?: readonly string[];
  /** When nodes count as silent; Kubernetes' figures by default. */
  readonly nodeLifecycle?: Partial<NodeLifecycleConfig>;
  readonly limits?: Partial<Limits>;
  /** Milliseconds after which another master takes over from a silent one; at least 100, default 10 s. The same on every master. */
  readonly leaseTtlMs?: number;
  /** Freezes the objects of the cache, so that a behaviour that changes one fails; for tests. */
  readonly freeze?: boolean;
  /** Replicas of each stream in a NATS cluster; default: existing streams keep theirs, new ones have 3. */
  readonly replicas?: number | undefined;
  /** Age and size limit of recordings, with the history and checkpoints that they need. */
  readonly keep?: Keep;
}

export interface RunningRole {
  readonly instance: string;
  readonly host: Host;
  stop(): Promise<void>;
}

/** Runs the control plane's actors in this process, on one connection and with one shared cache. */
export async function runMaster(options: MasterOptions): Promise<RunningRole> {
  const { prefix, log } = options;
  const key: ClusterKey = clusterKey(options.clusterKeyBytes);
  const leaseTtlMs = options.leaseTtlMs ?? LEASE_TTL_MS;
  const connection = await connectRole('master', options, requiredOfMaster(prefix));
  await ensureAssets({ connection, prefix, replicas: options.replicas, leaseTtlMs, keep: options.keep, log });
  const { host, feed, client } = await openHost(connection, options, {
    clusterKey: key,
    leaseTtlMs,
    freeze: options.freeze,
  });
  const parts: MasterParts = {
    apiServer: {
      instance: options.instance,
      authorization: 'RBAC',
      viewedByNodes,
      ...(options.limits && { limits: options.limits }),
    },
    nodeLifecycle: options.nodeLifecycle,
    store: { connection, prefix, cache: feed, clusterKey: key, onHole: (revision) => host.forgetBefore(revision) },
  };
  const actors = MASTER_TABLE.filter(isActor);
  for (const driver of MASTER_TABLE.filter(isDriver)) await host.startDriver(await driver.make(parts));
  for (const actor of actors.filter(({ singleton }) => !singleton)) await host.start(actor.make(parts));
  await bootstrap(client);
  await bootstrapRoles(client);
  const { singletons = true, without = [] } = options;
  const hosted = singletons ? actors.filter(({ name, singleton }) => singleton && !without.includes(name)) : [];
  const running = await Promise.all(hosted.map((actor) => host.start(actor.make(parts))));
  log(`master ${options.instance} is ready, build ${BUILD}`);
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

/** Creates the objects that every cluster has; another master may have created them already. */
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
