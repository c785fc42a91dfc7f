import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { statusError } from '../../contracts/errors/status.ts';

export const defaultHome = (): string => join(homedir(), '.troupe');

/** Where a cluster's state lives on this machine: TROUPE_HOME, by default `~/.troupe`. */
export function troupeHome(env: NodeJS.ProcessEnv = process.env): string {
  const wished = env['TROUPE_HOME'];
  return wished === undefined || wished === '' ? defaultHome() : resolve(wished);
}

/** The layout of TROUPE_HOME; every name in one place. Folders are 0700, files 0600. */
export const homePaths = (home: string) => ({
  home,
  bin: join(home, 'bin'),
  natsServer: join(home, 'bin', 'nats-server'),
  busybox: join(home, 'bin', 'busybox'),
  /** Downloads and apt's private lists; may be deleted at any time. */
  cache: join(home, 'cache'),
  nats: join(home, 'nats'),
  natsConfig: join(home, 'nats', 'nats-server.conf'),
  /** The JetStream store: every object of the cluster. */
  natsStore: join(home, 'nats', 'store'),
  /** Who may connect: `<user>.json` with the user's seed. */
  users: join(home, 'users'),
  /** Contexts of the `nats` command line. */
  natsContexts: join(home, 'nats-contexts'),
  /** Encrypts Secrets in the store; without it they cannot be read. */
  clusterKey: join(home, 'cluster.key'),
  journals: join(home, 'journals'),
  logs: join(home, 'logs'),
  run: join(home, 'run'),
  /** Held by a running `troupe up`. */
  lock: join(home, 'run', 'up.json'),
  dockerdPid: join(home, 'run', 'dockerd.pid'),
  dockerdLog: join(home, 'logs', 'dockerd.log'),
  /** Everything a client of this cluster needs to know. */
  cluster: join(home, 'cluster.json'),
});

export type HomePaths = ReturnType<typeof homePaths>;

/**
 * Makes a folder that only its owner may enter, and the folders above it.
 * @throws StatusError Forbidden when the place does not allow it
 */
export function makePrivateFolder(path: string): void {
  try {
    makeFolder(path);
    chmodSync(path, 0o700);
  } catch (error) {
    throw statusError(
      'Forbidden',
      `make the folder ${path}: ${(error as Error).message}; set TROUPE_HOME to a folder that you may write to`,
    );
  }
}

/** One at a time: Node's own `recursive` never comes back where a file system refuses as if the parent were missing. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Writes a file that only its owner may read, in one step: a reader sees the old text or the new, never a part. */
export function writePrivateFile(path: string, text: string | Uint8Array): void {
  const fresh = `${path}.${process.pid}.new`;
  writeFileSync(fresh, text, { mode: 0o600 });
  chmodSync(fresh, 0o600);
  renameSync(fresh, path);
}
