import { DEFAULT_PREFIX } from '../../../contracts/subjects/subjects.ts';
import { homePaths, troupeHome } from '../home/home.ts';
import { reloadNatsConfig } from '../nats/nats-users.ts';
import { type DeclaredActors, hosting } from '../roles/hosted-actors.ts';
import type { Declared } from './declared-subjects.ts';
import { type Granted, grantUser } from './grants.ts';
import { planPermissions } from './plan-permissions.ts';
import { checkReserved, requireHome, waitUntilKnown } from './user-checks.ts';
import { seedFile, writeUser } from './users.ts';
import { withUsersLock } from './users-lock.ts';

export interface Service {
  readonly name: string;
  readonly actors: readonly string[];
  readonly seedFile: string;
  /** URL of the embedded server; absent for an external one, which learns of users from `troupe permissions`. */
  readonly url?: string;
  /** Whether the embedded server runs and knows the user already; else it will at its next start. */
  readonly live: boolean;
  /** Whether it has its role in the cluster; absent when no cluster was asked. */
  readonly grant?: Granted;
}

/**
 * Creates a user for an external process that hosts these actors, with the permissions that they declare. An existing service
 * keeps its key; its permissions are replaced. In a running cluster it gets a role with the same permissions.
 * @param named URL of the cluster's server, where it is not the embedded one
 * @throws StatusError NotFound (no cluster), Invalid (name), AlreadyExists (a user of another kind), Conflict
 */
export async function addService(
  name: string,
  definitions: readonly Declared[],
  declaredActors: DeclaredActors,
  home = troupeHome(),
  named?: string,
): Promise<Service> {
  const paths = homePaths(home);
  const cluster = requireHome(paths);
  const declared = [...definitions, hosting];
  const permissions = planPermissions(cluster?.prefix ?? DEFAULT_PREFIX, name, { kind: 'service', declared });
  const actors = definitions.map((definition) => definition.name);
  const { user, live } = await withUsersLock(paths, () => {
    checkReserved(paths, name, 'service');
    const made = writeUser(paths, { name, profile: 'service', actors, permissions });
    return { user: made, live: reloadNatsConfig(paths, declaredActors) };
  });
  if (live) await waitUntilKnown(paths, user, permissions);
  const embedded = cluster === undefined ? {} : { url: cluster.url };
  const url = named ?? (live ? cluster?.url : undefined);
  const grant = url === undefined ? {} : { grant: await grantUser(paths, user, url) };
  return { name, actors, seedFile: seedFile(paths, name), ...embedded, live, ...grant };
}
