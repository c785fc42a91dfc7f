import { DEFAULT_PREFIX } from '../../../contracts/subjects/subjects.ts';
import { nodeUser } from '../../../contracts/subjects/users.ts';
import { checkNodeName, MASTER, OPERATOR, prepareHome, readCluster } from '../home/cluster.ts';
import { homePaths, troupeHome } from '../home/home.ts';
import type { DeclaredActors } from '../roles/hosted-actors.ts';
import { findUser, seedFile, type UserRecord, writeUser } from '../users/users.ts';
import { withUsersLock } from '../users/users-lock.ts';
import { externalServerConfig } from './nats-config.ts';
import { natsUsers, reloadNatsConfig } from './nats-users.ts';

export interface ExternalServer {
  /** Text to include in a nats-server's configuration. */
  readonly config: string;
  /** Users that were created now, and the file with the seed of each. */
  readonly made: readonly { readonly name: string; readonly seedFile: string }[];
}

/**
 * The configuration that an external nats-server needs for this home's users. Creates the users that a cluster requires, if they
 * do not exist: a master, an operator, and one for each of `nodes`.
 * @throws StatusError Invalid (a node name), Conflict
 */
export async function externalServer(
  options: { readonly nodes: readonly string[]; readonly account?: string },
  declaredActors: DeclaredActors,
  home = troupeHome(),
): Promise<ExternalServer> {
  for (const node of options.nodes) checkNodeName(node);
  const paths = homePaths(home);
  prepareHome(paths);
  const needed: Omit<UserRecord, 'publicKey' | 'seed'>[] = [
    { name: MASTER, profile: 'system' },
    { name: OPERATOR, profile: 'operator' },
    ...options.nodes.map((node) => ({ name: nodeUser(node), profile: 'node' as const, node })),
  ];
  const missing = await withUsersLock(paths, () => {
    const lacking = needed.filter(({ name }) => findUser(paths, name) === undefined);
    for (const user of lacking) writeUser(paths, user);
    if (lacking.length > 0) reloadNatsConfig(paths, declaredActors);
    return lacking;
  });
  const users = natsUsers(paths, readCluster(paths)?.prefix ?? DEFAULT_PREFIX, declaredActors);
  return {
    config: externalServerConfig(users, options.account),
    made: missing.map(({ name }) => ({ name, seedFile: seedFile(paths, name) })),
  };
}
