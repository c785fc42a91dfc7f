import { statusError } from '../../../contracts/errors/status.ts';
import { DEFAULT_PREFIX } from '../../../contracts/subjects/subjects.ts';
import { nodeUser } from '../../../contracts/subjects/users.ts';
import { MASTER, OPERATOR, readCluster } from '../home/cluster.ts';
import { type HomePaths, homePaths, troupeHome } from '../home/home.ts';
import { runningUp } from '../home/lock.ts';
import { reloadNatsConfig } from '../nats/nats-users.ts';
import type { DeclaredActors } from '../roles/hosted-actors.ts';
import { checkReserved, requireHome, waitUntilKnown } from './made-users.ts';
import { planPermissions } from './plan-permissions.ts';
import {
  findUser,
  readUsers,
  removeUser,
  requireUser,
  seedFile,
  type UserRecord,
  writeNatsContext,
  writeUser,
} from './users.ts';
import { usersTurn } from './users-turn.ts';

export interface Tenant {
  readonly name: string;
  readonly namespaces: readonly string[];
  /** Path of the file with the seed: the tenant's credentials. */
  readonly seedFile: string;
  /** The embedded server's; absent for a nats-server of somebody's own, which is told of users by `troupe permissions`. */
  readonly url?: string;
  /** Path of a context for the `nats` command line and for `troupe --context`; for the embedded server. */
  readonly context?: string;
  /** The running embedded server knows the user already; `false`: it will at its next start. */
  readonly live: boolean;
}

/**
 * Makes a tenant: a user who may do anything in the given namespaces and nothing outside. One who exists gets the
 * namespaces in addition and keeps the key. A running server learns it at once, without dropping a connection.
 * A nats-server of somebody's own learns it from what `troupe permissions` prints then.
 * @throws StatusError NotFound (no cluster, nor users for another server), Invalid (name), AlreadyExists (a name of the
 * cluster's own, or one that somebody else has just made: two who each mean to make a user must not come to share its key
 * unawares), Conflict
 */
export async function addTenant(
  name: string,
  namespaces: readonly string[],
  declaredActors: DeclaredActors,
  home = troupeHome(),
): Promise<Tenant> {
  const paths = homePaths(home);
  const cluster = requireHome(paths);
  if (namespaces.length === 0) throw statusError('Invalid', `user "${name}": name a namespace with --namespace`);
  checkReserved(paths, name, 'tenant');
  const isNew = findUser(paths, name) === undefined;
  const { user, ...tenant } = await usersTurn(paths, () => {
    checkReserved(paths, name, 'tenant');
    const known = findUser(paths, name);
    if (isNew && known !== undefined) throw madeMeanwhile(known, namespaces);
    const all = [...new Set([...(known?.namespaces ?? []), ...namespaces])]; // the first one is where it is at home
    const made = writeUser(paths, { name, profile: 'tenant', namespaces: all });
    const embedded = cluster === undefined ? {} : { url: cluster.url, context: writeNatsContext(paths, made) };
    const live = reloadNatsConfig(paths, declaredActors);
    return { user: made, name, namespaces: all, seedFile: seedFile(paths, name), ...embedded, live };
  });
  if (tenant.live) {
    const profile = { kind: 'tenant', namespaces: tenant.namespaces } as const;
    await waitUntilKnown(paths, user, planPermissions(readCluster(paths)?.prefix ?? DEFAULT_PREFIX, name, profile));
  }
  return tenant;
}

function madeMeanwhile(known: UserRecord, wanted: readonly string[]): Error {
  const there = (known.namespaces ?? []).join(', ');
  return statusError(
    'AlreadyExists',
    `user "${known.name}" already exists: another command made it just now, for ${there}; repeat this one to add ${wanted.join(', ')}`,
  );
}

/** Is it one of those as whom a `troupe up` of this home runs now? */
const runsWith = (paths: HomePaths, name: string): boolean =>
  runningUp(paths) !== undefined && [MASTER, OPERATOR, nodeUser(readCluster(paths)?.node ?? '')].includes(name);

/**
 * Ends a user: the embedded server forgets the key and closes its connections. One that the cluster needs is made anew, with
 * another key, by the next `troupe up` or `troupe permissions`.
 * @returns where that server is; `undefined`: there is none, and another one is told by `troupe permissions`
 * @throws StatusError NotFound, Forbidden (a user as whom the cluster runs now), Conflict
 */
export async function removeTenant(
  name: string,
  declaredActors: DeclaredActors,
  home = troupeHome(),
): Promise<Pick<Tenant, 'url'>> {
  const paths = homePaths(home);
  requireUser(paths, name); // a home that is none gets no folder
  await usersTurn(paths, () => {
    if (runsWith(paths, name)) {
      throw statusError(
        'Forbidden',
        `user "${name}" is one of the cluster's own, which cannot do without it while it runs; \`troupe down\` first, and the next \`troupe up\` makes it anew, with another key`,
      );
    }
    removeUser(paths, name);
    reloadNatsConfig(paths, declaredActors);
  });
  const url = readCluster(paths)?.url;
  return url === undefined ? {} : { url };
}

/** Everybody who may connect, without their seeds. */
export const listUsers = (home = troupeHome()): readonly Omit<UserRecord, 'seed'>[] =>
  readUsers(homePaths(home)).map(({ seed: _seed, ...user }) => user);
