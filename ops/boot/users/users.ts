import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { statusError } from '../../../contracts/errors/status.ts';
import { inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { type Cluster, readCluster } from '../home/cluster.ts';
import { type HomePaths, makeOwnFolder, natsContextFolder, writePrivateFile } from '../home/home.ts';
import { newSeed } from './nkeys.ts';
import type { Permissions } from './permissions.ts';

/** A NATS user of this cluster as `users/<name>.json` keeps it. */
export interface UserRecord {
  readonly name: string;
  readonly profile: 'system' | 'node' | 'service' | 'operator' | 'tenant' | 'gateway';
  /** Of a tenant. */
  readonly namespaces?: readonly string[];
  /** Of a tenant: its role in these namespaces; absent in records of before there were roles. */
  readonly role?: string;
  /** Where a tenant (namespaces) or a service (`*`) was given its role in the cluster. */
  readonly granted?: readonly string[];
  /** Of a node's user. */
  readonly node?: string;
  /** Of a service: the actors that it hosts, and the permissions planned from what they declared. */
  readonly actors?: readonly string[];
  readonly permissions?: Permissions;
  /** nkey, `U...`: the public key, which the server has. */
  readonly publicKey: string;
  /** nkey seed, `SU...`: the private key. */
  readonly seed: string;
}

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const userFile = (paths: HomePaths, name: string): string => join(paths.users, `${name}.json`);
/** Path of the file with the bare seed, as the `nats` command line needs it. */
export const seedFile = (paths: HomePaths, name: string): string => join(paths.users, `${name}.nk`);

/** @throws StatusError InternalError for a record that cannot be read */
export function readUsers(paths: HomePaths): readonly UserRecord[] {
  if (!existsSync(paths.users)) return [];
  return readdirSync(paths.users)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => readRecord(join(paths.users, file)));
}

function readRecord(path: string): UserRecord {
  try {
    const user = JSON.parse(readFileSync(path, 'utf8')) as UserRecord;
    if (user.permissions === undefined) return user;
    // Records of services that were written before `answers` existed.
    return { ...user, permissions: { ...user.permissions, answers: user.permissions.answers ?? [] } };
  } catch (error) {
    throw statusError(
      'InternalError',
      `read the user in ${path}: ${(error as Error).message}; restore it, or remove it and add the user again`,
    );
  }
}

export const findUser = (paths: HomePaths, name: string): UserRecord | undefined =>
  readUsers(paths).find((user) => user.name === name);

function checkName(what: string, name: string): void {
  if (NAME.test(name)) return;
  throw statusError(
    'Invalid',
    `${what} "${name}": must be lower-case letters, digits and "-", begin and end with a letter or digit, at most 63`,
  );
}

/**
 * Writes a user. A new one gets a new key; an existing one keeps its key, and the rest is replaced.
 * @throws StatusError Invalid when the name or a namespace is not a DNS label
 */
export function writeUser(paths: HomePaths, wanted: Omit<UserRecord, 'publicKey' | 'seed'>): UserRecord {
  checkName('user', wanted.name);
  for (const namespace of wanted.namespaces ?? []) checkName('namespace', namespace);
  const known = findUser(paths, wanted.name);
  const user = { ...wanted, ...(known === undefined ? newSeed() : { publicKey: known.publicKey, seed: known.seed }) };
  makeOwnFolder(paths.users);
  writePrivateFile(seedFile(paths, user.name), `${user.seed}\n`);
  // The record is written last: every user that has one has credentials too.
  writePrivateFile(userFile(paths, user.name), `${JSON.stringify(user, undefined, 2)}\n`);
  return user;
}

/** @throws StatusError NotFound */
export function requireUser(paths: HomePaths, name: string): UserRecord {
  const user = findUser(paths, name);
  if (user !== undefined) return user;
  throw statusError('NotFound', `there is no user "${name}"; \`troupe user list\` shows the users`);
}

/** @throws StatusError NotFound */
export function removeUser(paths: HomePaths, name: string): void {
  requireUser(paths, name);
  rmSync(userFile(paths, name), { force: true });
  rmSync(seedFile(paths, name), { force: true });
  rmSync(join(paths.natsContexts, `${name}.json`), { force: true });
}

/** The text of a context file: server, key and inbox prefix of the user. */
function contextText(paths: HomePaths, cluster: Cluster, user: UserRecord): string {
  const context = {
    description: `Troupe at ${paths.home}, as ${user.name}`,
    url: cluster.url,
    nkey: seedFile(paths, user.name),
    inbox_prefix: inboxPrefix(user.name),
  };
  return `${JSON.stringify(context, undefined, 2)}\n`;
}

/**
 * Writes a context of the `nats` command line for a user under TROUPE_HOME.
 * @returns its path; `nats --context <path>` works with it anywhere
 */
export function writeNatsContext(paths: HomePaths, user: UserRecord): string {
  const cluster = readCluster(paths);
  if (cluster === undefined) {
    throw statusError('NotFound', `no cluster in ${paths.home} yet; start one with \`troupe up\``);
  }
  makeOwnFolder(paths.natsContexts);
  const path = join(paths.natsContexts, `${user.name}.json`);
  writePrivateFile(path, contextText(paths, cluster, user));
  return path;
}

/**
 * Writes a context to the folder where `nats` looks, so that `nats --context troupe` works. A context of that name that Troupe did
 * not write stays as it is.
 * @returns whether it was written
 */
export function offerNatsContext(paths: HomePaths, user: UserRecord, name: string): boolean {
  const cluster = readCluster(paths);
  if (cluster === undefined) return false;
  const folder = natsContextFolder();
  const path = join(folder, `${name}.json`);
  try {
    if (existsSync(path) && !readFileSync(path, 'utf8').includes('"Troupe at ')) return false;
    mkdirSync(folder, { recursive: true });
    writePrivateFile(path, contextText(paths, cluster, user));
    return true;
  } catch {
    return false; // a read-only home folder; the context under TROUPE_HOME can be used
  }
}
