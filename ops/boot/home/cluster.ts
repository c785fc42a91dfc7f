import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { KEEP, type Keep } from '../../../actors/store/plan-retention.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import { DEFAULT_PREFIX } from '../../../contracts/subjects/subjects.ts';
import { MASTER, OPERATOR } from '../../../contracts/subjects/users.ts';
import {
  createPrivateFile,
  defaultHome,
  type HomePaths,
  makeOwnFolder,
  makePrivateFolder,
  writePrivateFile,
} from './home.ts';

const VERSION = 1;

/** `cluster.json`: what clients and processes of this home need to connect; nothing secret. */
export interface Cluster {
  readonly version: typeof VERSION;
  readonly id: string;
  /** First token of its subjects. */
  readonly prefix: string;
  /** `nats://127.0.0.1:4222` */
  readonly url: string;
  readonly port: number;
  /** `1s`, or `always`. */
  readonly sync: string;
  /** Age and size limit of recordings; absent in older homes. */
  readonly keep?: Keep;
  /** Name of the node that `troupe up` runs. */
  readonly node: string;
  /** The default user. */
  readonly user: string;
}

export { MASTER, OPERATOR };

/** @returns `undefined` when there is none. @throws StatusError InternalError (unreadable), BadRequest (written by a newer version) */
export function readCluster(paths: HomePaths): Cluster | undefined {
  if (!existsSync(paths.cluster)) return undefined;
  let cluster: Omit<Cluster, 'version'> & { readonly version: number };
  try {
    cluster = JSON.parse(readFileSync(paths.cluster, 'utf8')) as typeof cluster;
  } catch (cause) {
    throw statusError(
      'InternalError',
      `read ${paths.cluster}: ${(cause as Error).message}; restore it, or remove it after "troupe down"`,
    );
  }
  const { version, ...known } = cluster;
  if (version === VERSION) return { version, ...known };
  throw statusError(
    'BadRequest',
    `${paths.cluster} has version ${version}, this troupe supports ${VERSION}: run the troupe that wrote it, or set TROUPE_HOME`,
  );
}

/** A valid node name made from a host name, which may hold capitals, dots and underscores. */
export function nodeNameOf(host: string): string {
  const name = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 43);
  return name.replace(/-+$/, '') || 'node';
}

/** @throws StatusError Invalid */
export function checkNodeName(node: string): void {
  const possible = nodeNameOf(node);
  if (possible === node) return;
  throw statusError(
    'Invalid',
    `node "${node}": must be lower-case letters, digits and "-", begin and end with a letter or digit, at most 43; use "${possible}", for example`,
  );
}

/**
 * The default name of this machine's node. Two homes may share one engine, and a node adopts every container with its label: so
 * only root's default home gives the bare host name. Pure.
 */
export function defaultNode(
  home: string,
  about: { readonly host: string; readonly user: string; readonly usual: string },
) {
  if (home !== about.usual)
    return `${nodeNameOf(about.host)}-${createHash('sha256').update(home).digest('hex').slice(0, 6)}`;
  return nodeNameOf(about.user === 'root' ? about.host : `${about.host}-${about.user}`);
}

const nodeHere = (home: string): string =>
  defaultNode(home, { host: hostname(), user: userInfo().username, usual: defaultHome() });

/**
 * Writes `cluster.json`: settings that are given replace the stored ones, which replace the defaults.
 * @throws StatusError Invalid (node name or duration); nothing is written then
 */
export function writeCluster(
  paths: HomePaths,
  given: {
    readonly port: number;
    readonly sync?: string | undefined;
    readonly node?: string | undefined;
    readonly keep?: Partial<Keep> | undefined;
  },
): Cluster {
  const known = readCluster(paths);
  if (given.node !== undefined) checkNodeName(given.node);
  if (given.sync !== undefined && !/^(always|[1-9]\d*(ms|s|m))$/.test(given.sync)) {
    throw statusError('Invalid', `sync "${given.sync}": must be "always" or a duration such as 1s or 250ms`);
  }
  const cluster: Cluster = {
    version: VERSION,
    id: known?.id ?? randomUUID(),
    prefix: known?.prefix ?? DEFAULT_PREFIX,
    url: `nats://127.0.0.1:${given.port}`,
    port: given.port,
    sync: given.sync ?? known?.sync ?? '1s',
    keep: { ...KEEP, ...known?.keep, ...given.keep },
    node: given.node ?? known?.node ?? nodeHere(paths.home),
    user: OPERATOR,
  };
  writePrivateFile(paths.cluster, `${JSON.stringify(cluster, undefined, 2)}\n`);
  return cluster;
}

/**
 * Creates TROUPE_HOME with its folders and the key that encrypts Secrets.
 * @throws StatusError Forbidden (not writable), NotFound (the cluster's key is missing: another key cannot decrypt its Secrets),
 * Invalid (a damaged key)
 */
export function prepareHome(paths: HomePaths): void {
  makePrivateFolder(paths.home);
  const { bin, nats, natsStore, users, natsContexts, logs, run } = paths;
  for (const folder of [bin, nats, natsStore, users, natsContexts, logs, run]) makeOwnFolder(folder);
  if (existsSync(paths.clusterKey)) {
    readClusterKey(paths);
    return;
  }
  if (existsSync(paths.cluster)) {
    throw statusError(
      'NotFound',
      `${paths.clusterKey}, which encrypts this cluster's Secrets, is missing: restore it, or start a new cluster in another TROUPE_HOME`,
    );
  }
  createPrivateFile(paths.clusterKey, `${randomBytes(32).toString('hex')}\n`);
}

/**
 * Reads the 32-byte key that encrypts Secrets in the store.
 * @throws StatusError NotFound (a master on another machine needs a copy of the file), Invalid
 */
export function readClusterKey(paths: HomePaths): Uint8Array {
  if (!existsSync(paths.clusterKey)) {
    throw statusError(
      'NotFound',
      `${paths.clusterKey} is missing; copy it from the home of the cluster's first master`,
    );
  }
  const text = readFileSync(paths.clusterKey, 'utf8').trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  throw statusError(
    'Invalid',
    `${paths.clusterKey} is damaged: it must hold 32 bytes in hex; restore it, or start a new cluster in another TROUPE_HOME`,
  );
}
