import { chmodSync, existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type StatusError, statusError } from '../../../contracts/errors/status.ts';

export const defaultHome = (): string => join(homedir(), '.troupe');

/** Where a cluster's state lives on this machine: TROUPE_HOME, by default `~/.troupe`. */
export function troupeHome(env: NodeJS.ProcessEnv = process.env): string {
  const wished = env['TROUPE_HOME'];
  return wished === undefined || wished === '' ? defaultHome() : resolve(wished);
}

/** Where the `nats` command line keeps its contexts. */
export const natsContextFolder = (): string =>
  join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'nats', 'context');

/** The paths in TROUPE_HOME. Folders have mode 0700, files 0600. */
export const homePaths = (home: string) => ({
  home,
  bin: join(home, 'bin'),
  natsServer: join(home, 'bin', 'nats-server'),
  busybox: join(home, 'bin', 'busybox'),
  /** Downloads and apt's package lists; may be deleted at any time. */
  cache: join(home, 'cache'),
  nats: join(home, 'nats'),
  natsConfig: join(home, 'nats', 'nats-server.conf'),
  /** The JetStream store: every object of the cluster. */
  natsStore: join(home, 'nats', 'store'),
  /** The users: `<user>.json`, with the seed. */
  users: join(home, 'users'),
  /** Contexts of the `nats` command line. */
  natsContexts: join(home, 'nats-contexts'),
  /** Encrypts Secrets in the store; without it they cannot be read. */
  clusterKey: join(home, 'cluster.key'),
  /** Seccomp profiles of type Localhost. */
  seccomp: join(home, 'seccomp'),
  /** A folder per pod of this machine, with its volumes. */
  pods: join(home, 'pods'),
  logs: join(home, 'logs'),
  run: join(home, 'run'),
  dockerdPid: join(home, 'run', 'dockerd.pid'),
  dockerdLog: join(home, 'logs', 'dockerd.log'),
  /** How clients connect to this cluster. */
  cluster: join(home, 'cluster.json'),
});

export type HomePaths = ReturnType<typeof homePaths>;

/** The error for a failed write below TROUPE_HOME. */
export function refused(act: string, error: unknown): StatusError {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? statusError('ServiceUnavailable', `${act}: the disk is full (${code}); free some space and try again`)
    : statusError('Forbidden', `${act}: ${message}; set TROUPE_HOME to a writable folder`);
}

/** The error for a failed read below TROUPE_HOME. */
export function unreadable(act: string, error: unknown): StatusError {
  const { code, message } = error as NodeJS.ErrnoException;
  const remedy = code === 'ENOTDIR' ? 'set TROUPE_HOME to a folder' : 'only its owner may read it';
  return statusError('Forbidden', `${act}: ${message}; ${remedy}`);
}

/**
 * Creates a folder that only its owner may enter, and its parents. An existing folder keeps its mode: TROUPE_HOME=/tmp must not
 * close /tmp to other users.
 * @throws StatusError Forbidden, ServiceUnavailable (the disk is full)
 */
export function makePrivateFolder(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    throw refused(`make the folder ${path}`, error);
  }
}

/** The same for a folder of Troupe's own; an existing one, restored from a backup for example, is closed to other users too. */
export function makeOwnFolder(path: string): void {
  makePrivateFolder(path);
  try {
    chmodSync(path, 0o700);
  } catch (error) {
    throw refused(`close the folder ${path} to others`, error);
  }
}

/** One folder at a time: Node's `recursive` never returns where a file system reports ENOENT for a parent that exists. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Writes a temporary file beside `path`, which `place` moves there: no reader ever sees a part of the text. */
function writeBeside(path: string, text: string | Uint8Array, place: (fresh: string) => void): void {
  const fresh = `${path}.${process.pid}.new`;
  try {
    writeFileSync(fresh, text, { mode: 0o600 });
    chmodSync(fresh, 0o600);
    place(fresh);
  } catch (error) {
    throw refused(`write ${path}`, error);
  } finally {
    rmSync(fresh, { force: true });
  }
}

/**
 * Writes a file that only its owner may read, in one step: a reader sees the old text or the new.
 * @throws StatusError Forbidden, ServiceUnavailable (the disk is full)
 */
export function writePrivateFile(path: string, text: string | Uint8Array): void {
  writeBeside(path, text, (fresh) => renameSync(fresh, path));
}

/** The same, unless the file exists. @returns whether this call created it; of concurrent calls exactly one does */
export function createPrivateFile(path: string, text: string): boolean {
  let made = true;
  writeBeside(path, text, (fresh) => {
    try {
      linkSync(fresh, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      made = false;
    }
  });
  return made;
}
