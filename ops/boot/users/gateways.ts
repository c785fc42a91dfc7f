import { DEFAULT_PREFIX } from '../../../contracts/subjects/subjects.ts';
import { homePaths, troupeHome } from '../home/home.ts';
import { reloadNatsConfig } from '../nats/nats-users.ts';
import type { DeclaredActors } from '../roles/hosted-actors.ts';
import { planPermissions } from './plan-permissions.ts';
import { checkReserved, requireHome, waitUntilKnown } from './user-checks.ts';
import { seedFile, writeUser } from './users.ts';
import { withUsersLock } from './users-lock.ts';

export interface Gateway {
  readonly name: string;
  readonly seedFile: string;
  /** URL of the embedded server; absent for an external one, which learns of users from `troupe permissions`. */
  readonly url?: string;
  /** Whether the embedded server runs and knows the user already; else it will at its next start. */
  readonly live: boolean;
}

/**
 * Creates a user that may ask the api-server in the name of anybody. An existing gateway keeps its key.
 * @throws StatusError NotFound (no cluster), Invalid (name), AlreadyExists (a user of another kind), Conflict
 */
export async function addGateway(name: string, declaredActors: DeclaredActors, home = troupeHome()): Promise<Gateway> {
  const paths = homePaths(home);
  const cluster = requireHome(paths);
  const permissions = planPermissions(cluster?.prefix ?? DEFAULT_PREFIX, name, { kind: 'gateway' });
  const { user, live } = await withUsersLock(paths, () => {
    checkReserved(paths, name, 'gateway');
    const made = writeUser(paths, { name, profile: 'gateway' });
    return { user: made, live: reloadNatsConfig(paths, declaredActors) };
  });
  if (live) await waitUntilKnown(paths, user, permissions);
  return { name, seedFile: seedFile(paths, name), ...(cluster === undefined ? {} : { url: cluster.url }), live };
}
