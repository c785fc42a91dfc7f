import type { Client } from '../../client/client.ts';
import { connectClient } from '../../client/connect.ts';
import { OPERATOR } from '../home/cluster.ts';
import type { HomePaths } from '../home/home.ts';
import { grantService, grantTenant, revokeService, revokeTenant } from './grant-roles.ts';
import { EVERYWHERE, placesToGrant, TENANT_ROLE } from './plan-grants.ts';
import { findUser, readUsers, type UserRecord, writeUser } from './users.ts';
import { withUsersLock } from './users-lock.ts';

/** What became of giving a user its role in the cluster. */
export interface Granted {
  /** Namespaces that were created for it. */
  readonly created: readonly string[];
  /** Why it has not got its role; it gets it at the next `troupe up` or `troupe user add`. */
  readonly problem?: string;
}

const asOperator = async <T>(
  paths: HomePaths,
  url: string,
  work: (client: Client) => Promise<T>,
  prefix?: string,
): Promise<T> => {
  const nkey = findUser(paths, OPERATOR)?.seed;
  const client = await connectClient({ home: paths.home, url, user: OPERATOR, nkey, prefix });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
};

async function grant(client: Client, user: UserRecord, places: readonly string[]): Promise<readonly string[]> {
  if (user.profile === 'tenant') return grantTenant(client, user.name, places, user.role ?? TENANT_ROLE);
  if (user.profile === 'service') await grantService(client, user.name, user.permissions?.publish ?? []);
  return [];
}

/** Notes in the record where the user has its role, so that nobody gives it again what an administrator takes away. */
const noteGranted = (paths: HomePaths, user: UserRecord, places: readonly string[]): Promise<void> =>
  withUsersLock(paths, () => {
    const known = findUser(paths, user.name);
    if (known?.publicKey !== user.publicKey) return; // removed meanwhile
    writeUser(paths, { ...known, granted: [...new Set([...(known.granted ?? []), ...places])] });
  });

/** Gives a user its role, in all its places. Never rejects. @param url of the server */
export async function grantUser(paths: HomePaths, user: UserRecord, url: string): Promise<Granted> {
  const places = user.profile === 'tenant' ? (user.namespaces ?? []) : [EVERYWHERE];
  try {
    const created = await asOperator(paths, url, (client) => grant(client, user, places));
    await noteGranted(paths, user, places);
    return { created };
  } catch (error) {
    return { created: [], problem: (error as Error).message };
  }
}

/**
 * Gives users their roles where they never got them: those who were added while no cluster ran, or before there were roles.
 * @param prefix of the cluster's subjects; default: that of the home's cluster
 * @returns their names
 */
export async function grantMissing(paths: HomePaths, url: string, prefix?: string): Promise<readonly string[]> {
  const lacking = readUsers(paths).filter((user) => placesToGrant(user).length > 0);
  if (lacking.length === 0) return [];
  await asOperator(
    paths,
    url,
    async (client) => {
      for (const user of lacking) {
        const places = placesToGrant(user);
        await grant(client, user, places);
        await noteGranted(paths, user, places);
      }
    },
    prefix,
  );
  return lacking.map(({ name }) => name);
}

/** Takes away what `grantUser` gave. Never rejects. @returns why it could not */
export async function revokeUser(paths: HomePaths, user: UserRecord, url: string): Promise<string | undefined> {
  try {
    await asOperator(paths, url, async (client) => {
      if (user.profile === 'tenant') await revokeTenant(client, user.name, user.namespaces ?? []);
      if (user.profile === 'service') await revokeService(client, user.name);
    });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
