import { setTimeout as pause } from 'node:timers/promises';
import { guarded } from '../../../actors/kernel/nats/nats-guarded-callback.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import { nodeUser } from '../../../contracts/subjects/users.ts';
import { connectClient } from '../../client/connect.ts';
import { type Cluster, MASTER, OPERATOR, readCluster } from '../home/cluster.ts';
import type { HomePaths } from '../home/home.ts';
import type { Permissions } from './plan-permissions.ts';
import { findUser, type UserRecord } from './users.ts';

/* What is common to the users that a person makes: tenants and services. */

type Made = 'tenant' | 'service';
const KNOWN_WITHIN_MS = 10_000;

/** Is the name one that the cluster needs for itself? */
function isReserved(paths: HomePaths, name: string): boolean {
  const known = findUser(paths, name)?.profile;
  const reserved = name === MASTER || name === OPERATOR || name.startsWith(nodeUser(''));
  return reserved || (known !== undefined && known !== 'tenant' && known !== 'service');
}

/** @throws StatusError AlreadyExists: the name is taken by a user of another kind */
export function checkReserved(paths: HomePaths, name: string, wanted: Made): void {
  if (isReserved(paths, name))
    throw statusError('AlreadyExists', `user "${name}" is one of the cluster's own; choose another name`);
  const known = findUser(paths, name)?.profile;
  if (known === undefined || known === wanted) return;
  throw statusError(
    'AlreadyExists',
    `user "${name}" is a ${known}; choose another name, or end it first: troupe user remove ${name}`,
  );
}

/**
 * @returns the cluster of this home; none where its users are for a nats-server of somebody's own
 * @throws StatusError NotFound
 */
export function requireHome(paths: HomePaths): Cluster | undefined {
  const cluster = readCluster(paths);
  if (cluster !== undefined || findUser(paths, MASTER) !== undefined) return cluster;
  throw statusError(
    'NotFound',
    `there is no cluster in ${paths.home}; "troupe up" makes one; for a nats-server of your own run "troupe permissions" first, or set TROUPE_HOME to where it was run`,
  );
}

/**
 * Connects as this user and listens to all that it may hear: one whom the server knew already is let in before the server
 * has read what is new.
 * @throws Error when anything of it is refused
 */
async function tryAs(paths: HomePaths, user: UserRecord, { subscribe }: Permissions): Promise<void> {
  const client = await connectClient({ home: paths.home, user: user.name, nkey: user.seed });
  try {
    const { connection } = client;
    let refused: Error | undefined;
    for (const subject of subscribe) {
      connection.subscribe(subject, {
        callback: guarded(
          (error) => (refused ??= error ?? undefined),
          (failure) => (refused ??= failure),
        ),
      });
    }
    await connection.flush();
    if (refused !== undefined) throw refused;
  } finally {
    await client.close();
  }
}

/** Waits until the server, told to read its users again, has done so. */
export async function waitUntilKnown(paths: HomePaths, user: UserRecord, permissions: Permissions): Promise<void> {
  const deadline = performance.now() + KNOWN_WITHIN_MS;
  for (;;) {
    try {
      return await tryAs(paths, user, permissions);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(25);
    }
  }
}
