import { type Cluster, readCluster } from '../home/cluster.ts';
import { type HomePaths, writePrivateFile } from '../home/home.ts';
import { runningUp } from '../home/home-lock.ts';
import type { DeclaredActors } from '../roles/hosted-actors.ts';
import { signal } from '../supervision/processes.ts';
import { type Permissions, planPermissions, withInboxes } from '../users/plan-permissions.ts';
import { readUsers, type UserRecord } from '../users/users.ts';
import { type NatsUser, natsServerConfig } from './nats-config.ts';

function permissionsOf(user: UserRecord, prefix: string, declaredActors: DeclaredActors): Permissions {
  switch (user.profile) {
    case 'system':
      return planPermissions(prefix, user.name, { kind: 'system', declared: declaredActors.master });
    case 'node':
      return planPermissions(prefix, user.name, {
        kind: 'node',
        declared: declaredActors.worker(user.node ?? user.name),
      });
    case 'operator':
      return planPermissions(prefix, user.name, { kind: 'operator' });
    case 'tenant':
      return planPermissions(prefix, user.name, { kind: 'tenant', namespaces: user.namespaces ?? [], role: user.role });
    case 'gateway':
      return planPermissions(prefix, user.name, { kind: 'gateway' });
    case 'service':
      // Kept in the record: this process does not have the code of the service's actors.
      return user.permissions ?? { publish: [], subscribe: [], answers: [] };
  }
}

/** All users of this home, with what the broker lets each of them do. */
export const natsUsers = (paths: HomePaths, prefix: string, declaredActors: DeclaredActors): readonly NatsUser[] =>
  withInboxes(
    readUsers(paths).map((user) => ({
      name: user.name,
      publicKey: user.publicKey,
      permissions: permissionsOf(user, prefix, declaredActors),
    })),
  );

/** What the embedded server of a cluster calls itself: nobody else's greets with that. */
export const serverName = ({ id }: Cluster): string => `troupe-${id}`;

/** Writes the embedded server's configuration from the users of this home and what the actors declare. */
export function writeNatsConfig(paths: HomePaths, cluster: Cluster, declaredActors: DeclaredActors): void {
  const users = natsUsers(paths, cluster.prefix, declaredActors);
  const { port, sync } = cluster;
  const name = serverName(cluster);
  writePrivateFile(paths.natsConfig, natsServerConfig({ name, port, sync, storeDir: paths.natsStore, users }));
}

/** Writes the configuration again after users changed, and has a running server read it. @returns whether one runs */
export function reloadNatsConfig(paths: HomePaths, declaredActors: DeclaredActors): boolean {
  const cluster = readCluster(paths);
  if (cluster === undefined) return false;
  writeNatsConfig(paths, cluster, declaredActors);
  const server = runningUp(paths)?.children['nats-server'];
  if (server === undefined) return false;
  signal(server, 'SIGHUP');
  return true;
}
