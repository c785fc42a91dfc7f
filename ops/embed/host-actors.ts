import { JetStreamApiError } from '@nats-io/jetstream';
import type { ActorDefinition } from '../../actors/kernel/declare.ts';
import { type StatusError, statusError } from '../../contracts/errors/status.ts';
import { clusterKey } from '../../contracts/store/sealed.ts';
import { openHost } from '../boot/roles/open-host.ts';
import { connectRole, leave } from '../boot/roles/role-connection.ts';
import { type RoleOptions, roleFromEnv } from '../boot/roles/role-options.ts';
import { requiredOfService } from '../boot/roles/role-permissions.ts';

/** Missing options are read from TROUPE_URL, TROUPE_USER, TROUPE_NKEY, TROUPE_PREFIX, TROUPE_INSTANCE and TROUPE_RECORD. */
export interface HostActorsOptions extends Partial<RoleOptions> {
  /** The 32 bytes of `cluster.key`. With it Secrets can be read, and secret data is recorded, encrypted. */
  readonly clusterKeyBytes?: Uint8Array;
}

export interface HostedActors {
  /** Name of this process, unique among those that share the cluster. */
  readonly instance: string;
  /** Releases the leases of singletons, writes the last records and closes the connection. Further calls do nothing. */
  stop(): Promise<void>;
}

/**
 * Hosts actors, Troupe's or the caller's own, in this process on a connection of their own. Resolves when all actors can be
 * reached; singletons may still stand by for their lease.
 * @throws StatusError BadRequest (no server or user given), Forbidden (the user lacks permissions), ServiceUnavailable (no cluster)
 */
export async function hostActors(
  actors: readonly ActorDefinition[],
  options: HostActorsOptions = {},
): Promise<HostedActors> {
  const role = roleOf(options);
  const connection = await connectRole('service', role, requiredOfService(role.prefix, actors));
  const key = options.clusterKeyBytes;
  let stop = (): Promise<void> => connection.close();
  try {
    const { host, feed } = await openHost(connection, role, key === undefined ? {} : { clusterKey: clusterKey(key) });
    const starting = actors.map((definition) => host.start(definition));
    stop = async () => {
      const ended = await Promise.allSettled(starting);
      const running = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      await Promise.all(running.map((one) => one.stop()));
      await host.stop();
      feed.close();
      await leave(connection, role.log);
    };
    await Promise.all(starting);
    let stopping: Promise<void> | undefined;
    return { instance: role.instance, stop: () => (stopping ??= stop()) };
  } catch (error) {
    await stop();
    throw isNoStream(error) ? noCluster(role) : error;
  }
}

function roleOf({ clusterKeyBytes: _key, ...options }: HostActorsOptions): RoleOptions {
  // JavaScript callers may pass undefined explicitly.
  const given: Partial<RoleOptions> = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  );
  const env = { ...process.env };
  if (given.url !== undefined) env['TROUPE_URL'] = given.url;
  if (given.user !== undefined) env['TROUPE_USER'] = given.user;
  if (given.seed !== undefined) delete env['TROUPE_NKEY'];
  if (!env['TROUPE_USER'])
    throw statusError(
      'BadRequest',
      'TROUPE_USER is not set; set it to the user that "troupe user add <name> --actors <file>" created',
    );
  return { ...roleFromEnv('service', env, given.log ?? ((line) => console.error(line))), ...given };
}

const isNoStream = (error: unknown): boolean => error instanceof JetStreamApiError && error.code === 10059;

const noCluster = ({ url, prefix }: RoleOptions): StatusError =>
  statusError(
    'ServiceUnavailable',
    `host actors: no cluster with prefix ${prefix} has its store on ${url}; start a master first, or check TROUPE_URL and TROUPE_PREFIX`,
  );
