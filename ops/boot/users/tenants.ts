import { statusError } from '../../../contracts/errors/status.ts';
import { pathSegment } from '../../../contracts/kinds/name-formats.ts';
import { DEFAULT_PREFIX } from '../../../contracts/subjects/subjects.ts';
import { nodeUser } from '../../../contracts/subjects/users.ts';
import { MASTER, OPERATOR, readCluster } from '../home/cluster.ts';
import { type HomePaths, homePaths, troupeHome } from '../home/home.ts';
import { runningUp } from '../home/home-lock.ts';
import { reloadNatsConfig } from '../nats/nats-users.ts';
import type { DeclaredActors } from '../roles/hosted-actors.ts';
import { type Granted, grantUser, revokeUser } from './grants.ts';
import { TENANT_ROLE } from './plan-grants.ts';
import { planPermissions } from './plan-permissions.ts';
import { checkReserved, requireHome, waitUntilKnown } from './user-checks.ts';
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
import { withUsersLock } from './users-lock.ts';

export interface Tenant {
  readonly name: string;
  readonly namespaces: readonly string[];
  /** Path of the file with the seed: the tenant's credentials. */
  readonly seedFile: string;
  /** URL of the embedded server; absent for an external one, which learns of users from `troupe permissions`. */
  readonly url?: string;
  /** Path of a context for the `nats` command line and for `troupe --context`; embedded server only. */
  readonly context?: string;
  /** Whether the embedded server runs and knows the user already; else it will at its next start. */
  readonly live: boolean;
  readonly role: string;
  /** Whether it has its role in the cluster; absent when no cluster was asked. */
  readonly grant?: Granted;
}

interface TenantOptions {
  /** Its role in its namespaces; default: the one that it has, else `edit`. */
  readonly role?: string | undefined;
  /** URL of the cluster's server, where it is not the embedded one. */
  readonly url?: string | undefined;
}

/**
 * Creates a tenant: a user that has a role in the given namespaces and may do nothing outside. An existing tenant keeps its key and
 * gets the namespaces in addition. In a running cluster the namespaces and bindings of the role are created. A running embedded server reloads at once, without dropping connections; an external one learns
 * of it from the next `troupe permissions`.
 * @throws StatusError NotFound (no cluster and no users for an external server), Invalid (name), AlreadyExists (a user that the
 * cluster needs, or one that another command created meanwhile: two commands that each mean to create a user must not share a key
 * unknowingly), Conflict
 */
export async function addTenant(
  name: string,
  namespaces: readonly string[],
  declaredActors: DeclaredActors,
  home = troupeHome(),
  options: TenantOptions = {},
): Promise<Tenant> {
  const paths = homePaths(home);
  const cluster = requireHome(paths);
  if (namespaces.length === 0) throw statusError('Invalid', `user "${name}": name a namespace with --namespace`);
  const [badRole] = options.role === undefined ? [] : options.role === '' ? ['is empty'] : pathSegment(options.role);
  if (badRole !== undefined) throw statusError('Invalid', `user "${name}": the role "${options.role}" ${badRole}`);
  checkReserved(paths, name, 'tenant');
  const isNew = findUser(paths, name) === undefined;
  const { user, ...tenant } = await withUsersLock(paths, () => {
    checkReserved(paths, name, 'tenant');
    const known = findUser(paths, name);
    if (isNew && known !== undefined) throw madeMeanwhile(known, namespaces);
    const all = [...new Set([...(known?.namespaces ?? []), ...namespaces])]; // the first one is its default
    const role = options.role ?? known?.role ?? TENANT_ROLE;
    const granted = role === (known?.role ?? TENANT_ROLE) ? (known?.granted ?? []) : [];
    const made = writeUser(paths, { name, profile: 'tenant', namespaces: all, role, granted });
    const embedded = cluster === undefined ? {} : { url: cluster.url, context: writeNatsContext(paths, made) };
    const live = reloadNatsConfig(paths, declaredActors);
    return { user: made, name, namespaces: all, role, seedFile: seedFile(paths, name), ...embedded, live };
  });
  if (tenant.live) {
    const profile = { kind: 'tenant', namespaces: tenant.namespaces, role: tenant.role } as const;
    await waitUntilKnown(paths, user, planPermissions(readCluster(paths)?.prefix ?? DEFAULT_PREFIX, name, profile));
  }
  const url = options.url ?? (tenant.live ? tenant.url : undefined);
  return url === undefined ? tenant : { ...tenant, grant: await grantUser(paths, user, url) };
}

function madeMeanwhile(known: UserRecord, wanted: readonly string[]): Error {
  const there = (known.namespaces ?? []).join(', ');
  return statusError(
    'AlreadyExists',
    `user "${known.name}" already exists: another command created it just now, for ${there}; repeat this one to add ${wanted.join(', ')}`,
  );
}

/** Does the running `troupe up` of this home use this user? */
const runsWith = (paths: HomePaths, name: string): boolean =>
  runningUp(paths) !== undefined && [MASTER, OPERATOR, nodeUser(readCluster(paths)?.node ?? '')].includes(name);

/**
 * Removes a user of any kind: the embedded server forgets its key and closes its connections. The next `troupe up` or
 * `troupe permissions` creates a user that the cluster needs again, with another key.
 * @param named URL of the cluster's server, where it is not the embedded one
 * @returns the URL of the embedded server, if the home has one, and why its roles in the cluster could not be taken away
 * @throws StatusError NotFound, Forbidden (the running cluster uses it), Conflict
 */
export async function removeTenant(
  name: string,
  declaredActors: DeclaredActors,
  home = troupeHome(),
  named?: string,
): Promise<Pick<Tenant, 'url'> & { readonly problem?: string }> {
  const paths = homePaths(home);
  const user = requireUser(paths, name); // first, because the lock would create a folder in a place that is no home
  const url = readCluster(paths)?.url;
  const asked = named ?? (runningUp(paths) === undefined ? undefined : url);
  const granted = (user.granted ?? []).length > 0;
  const problem = granted && asked !== undefined ? await revokeUser(paths, user, asked) : undefined;
  await withUsersLock(paths, () => {
    if (runsWith(paths, name)) {
      throw statusError(
        'Forbidden',
        `the running cluster needs user "${name}"; run \`troupe down\` first, and the next \`troupe up\` creates it again, with another key`,
      );
    }
    removeUser(paths, name);
    reloadNatsConfig(paths, declaredActors);
  });
  return { ...(url === undefined ? {} : { url }), ...(problem === undefined ? {} : { problem }) };
}

/** All users of the home, without their seeds. */
export const listUsers = (home = troupeHome()): readonly Omit<UserRecord, 'seed'>[] =>
  readUsers(homePaths(home)).map(({ seed: _seed, ...user }) => user);
