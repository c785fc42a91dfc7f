import { DEFAULT_PREFIX } from '../../../contracts/subjects/subjects.ts';
import { homePaths, troupeHome } from '../home/home.ts';
import { reloadNatsConfig } from '../nats/nats-users.ts';
import { hosting, type DeclaredActors } from '../roles/hosted-actors.ts';
import { checkReserved, requireHome, waitUntilKnown } from './made-users.ts';
import { type Declared, planPermissions } from './plan-permissions.ts';
import { seedFile, writeUser } from './users.ts';
import { usersTurn } from './users-turn.ts';

export interface Service {
  readonly name: string;
  readonly actors: readonly string[];
  readonly seedFile: string;
  /** The embedded server's; absent for a nats-server of somebody's own, which is told of users by `troupe permissions`. */
  readonly url?: string;
  /** The running embedded server knows the user already; `false`: it will at its next start. */
  readonly live: boolean;
}

/**
 * Makes a user for a process of somebody's own that hosts these actors: it may do what they declare. One that exists keeps its
 * key and may do what these declare instead.
 * @throws StatusError NotFound (no cluster), Invalid (name), AlreadyExists (a name of another kind of user), Conflict
 */
export async function addService(
  name: string,
  definitions: readonly Declared[],
  declaredActors: DeclaredActors,
  home = troupeHome(),
): Promise<Service> {
  const paths = homePaths(home);
  const cluster = requireHome(paths);
  const declared = [...definitions, hosting];
  const permissions = planPermissions(cluster?.prefix ?? DEFAULT_PREFIX, name, { kind: 'service', declared });
  const actors = definitions.map((definition) => definition.name);
  const { user, live } = await usersTurn(paths, () => {
    checkReserved(paths, name, 'service');
    const made = writeUser(paths, { name, profile: 'service', actors, permissions });
    return { user: made, live: reloadNatsConfig(paths, declaredActors) };
  });
  if (live) await waitUntilKnown(paths, user, permissions);
  const embedded = cluster === undefined ? {} : { url: cluster.url };
  return { name, actors, seedFile: seedFile(paths, name), ...embedded, live };
}
