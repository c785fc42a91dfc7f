import { setTimeout as pause } from 'node:timers/promises';
import { guarded } from '../../../actors/kernel/nats/nats-guarded-callback.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import { nodeUser } from '../../../contracts/subjects/users.ts';
import { connectClient } from '../../client/connect.ts';
import { type Cluster, MASTER, OPERATOR, readCluster } from '../home/cluster.ts';
import type { HomePaths } from '../home/home.ts';
import type { Permissions } from './plan-permissions.ts';
import { findUser, type UserRecord } from './users.ts';

/* Checks that creating tenants and services share. */

type Made = 'tenant' | 'service' | 'gateway';
const KNOWN_WITHIN_MS = 10_000;
/** A connection that is made while the server reads its configuration may stall; the next one does not. */
const TRIAL_MS = 1_000;

/** Is it the name of a user that the cluster itself needs? */
function isReserved(paths: HomePaths, name: string): boolean {
  const known = findUser(paths, name)?.profile;
  const reserved = name === MASTER || name === OPERATOR || name.startsWith(nodeUser(''));
  return reserved || known === 'system' || known === 'node' || known === 'operator';
}

/** @throws StatusError AlreadyExists when the cluster needs the name, or a user of another kind has it */
export function checkReserved(paths: HomePaths, name: string, wanted: Made): void {
  if (isReserved(paths, name))
    throw statusError('AlreadyExists', `user "${name}" is one of the cluster's own; choose another name`);
  const known = findUser(paths, name)?.profile;
  if (known === undefined || known === wanted) return;
  throw statusError(
    'AlreadyExists',
    `user "${name}" is a ${known}; choose another name, or remove it first: troupe user remove ${name}`,
  );
}

/**
 * @returns the cluster of this home; `undefined` when the home has users for an external nats-server alone
 * @throws StatusError NotFound (neither)
 */
export function requireHome(paths: HomePaths): Cluster | undefined {
  const cluster = readCluster(paths);
  if (cluster !== undefined || findUser(paths, MASTER) !== undefined) return cluster;
  throw statusError(
    'NotFound',
    `there is no cluster in ${paths.home}; "troupe up" creates one; for an external nats-server run "troupe permissions" first, or set TROUPE_HOME to the home where it was run`,
  );
}

/**
 * Connects as this user and subscribes to everything it may subscribe to. Connecting alone proves nothing for an existing user:
 * the server accepts it before it has read the new permissions.
 * @throws Error when a subscription is refused
 */
async function tryAs(paths: HomePaths, user: UserRecord, { subscribe }: Permissions): Promise<void> {
  const client = await connectClient({ home: paths.home, user: user.name, nkey: user.seed, timeoutMs: TRIAL_MS });
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

/** Waits until the server has reloaded its users. */
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
