import { type Cluster, readCluster } from '../home/cluster.ts';
import { type HomePaths, writePrivateFile } from '../home/home.ts';
import { runningUp } from '../home/lock.ts';
import type { Roster } from '../roles/roster.ts';
import { type Permissions, planPermissions, withInboxes } from '../users/plan-permissions.ts';
import { readUsers, type UserRecord } from '../users/users.ts';
import { signal } from '../watch/processes.ts';
import { type NatsUser, natsServerConfig } from './nats-config.ts';

function permissionsOf(user: UserRecord, prefix: string, roster: Roster): Permissions {
  switch (user.profile) {
    case 'system':
      return planPermissions(prefix, user.name, { kind: 'system', declared: roster.master });
    case 'node':
      return planPermissions(prefix, user.name, { kind: 'node', declared: roster.worker(user.node ?? user.name) });
    case 'operator':
      return planPermissions(prefix, user.name, { kind: 'operator' });
    case 'tenant':
      return planPermissions(prefix, user.name, { kind: 'tenant', namespaces: user.namespaces ?? [] });
    case 'service':
      // Kept in the record: this process does not have the code of the service's actors.
      return user.permissions ?? { publish: [], subscribe: [], answers: [] };
  }
}

/** All users of this home, with what the broker lets each of them do. */
export const natsUsers = (paths: HomePaths, prefix: string, roster: Roster): readonly NatsUser[] =>
  withInboxes(
    readUsers(paths).map((user) => ({
      name: user.name,
      publicKey: user.publicKey,
      permissions: permissionsOf(user, prefix, roster),
    })),
  );

/** What the embedded server of a cluster calls itself: nobody else's greets with that. */
export const serverName = ({ id }: Cluster): string => `troupe-${id}`;

/** Writes the embedded server's configuration from the users of this home and what the actors declare. */
export function writeNatsConfig(paths: HomePaths, cluster: Cluster, roster: Roster): void {
  const users = natsUsers(paths, cluster.prefix, roster);
  const { port, sync } = cluster;
  const name = serverName(cluster);
  writePrivateFile(paths.natsConfig, natsServerConfig({ name, port, sync, storeDir: paths.natsStore, users }));
}

/** Writes the configuration again after users changed, and has a running server read it. @returns whether one runs */
export function reloadNatsConfig(paths: HomePaths, roster: Roster): boolean {
  const cluster = readCluster(paths);
  if (cluster === undefined) return false;
  writeNatsConfig(paths, cluster, roster);
  const server = runningUp(paths)?.children['nats-server'];
  if (server === undefined) return false;
  signal(server, 'SIGHUP');
  return true;
}
