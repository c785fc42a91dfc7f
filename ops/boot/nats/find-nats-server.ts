import { execFileSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { statusError } from '../../../contracts/errors/status.ts';
import { homePaths, troupeHome } from '../home/home.ts';
import { checkNatsVersion, OLDEST_NATS_SERVER, parseNatsVersion, TESTED_NATS_SERVER } from './plan-nats-version.ts';

export type NatsSource = 'TROUPE_NATS_SERVER' | 'PATH' | 'TROUPE_HOME';

/** A nats-server on this machine. */
export interface FoundNatsServer {
  readonly path: string;
  /** `2.15.1` */
  readonly version: string;
  readonly source: NatsSource;
  /** `refuse`: too old to be used. */
  readonly verdict: 'ok' | 'warn' | 'refuse';
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function* candidates(env: NodeJS.ProcessEnv): Generator<{ readonly path: string; readonly source: NatsSource }> {
  // Debian installs the server in /usr/sbin, which is not on the PATH of ordinary users.
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''), '/usr/sbin'];
  for (const folder of folders) yield { path: join(folder, 'nats-server'), source: 'PATH' };
  yield { path: homePaths(troupeHome(env)).natsServer, source: 'TROUPE_HOME' };
}

function inspect(path: string, source: NatsSource): FoundNatsServer | undefined {
  try {
    const said = execFileSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
    const version = parseNatsVersion(said);
    return version === undefined ? undefined : { path, version, source, verdict: checkNatsVersion(version) };
  } catch {
    return undefined;
  }
}

/**
 * Looks for a nats-server in the environment variable TROUPE_NATS_SERVER, on PATH, then in TROUPE_HOME/bin.
 * @returns the first that is new enough, else the first that is too old (verdict `refuse`), else `undefined`
 * @throws StatusError NotFound when TROUPE_NATS_SERVER is set and is not a nats-server: it is never replaced silently
 */
export function lookForNatsServer(env: NodeJS.ProcessEnv = process.env): FoundNatsServer | undefined {
  const wished = env['TROUPE_NATS_SERVER'];
  if (wished !== undefined && wished !== '') {
    const found = isExecutable(wished) ? inspect(wished, 'TROUPE_NATS_SERVER') : undefined;
    if (found !== undefined) return found;
    throw statusError('NotFound', `TROUPE_NATS_SERVER is ${wished}, which is not a nats-server; correct or unset it`);
  }
  let tooOld: FoundNatsServer | undefined;
  for (const { path, source } of candidates(env)) {
    const found = isExecutable(path) ? inspect(path, source) : undefined;
    if (found === undefined) continue;
    if (found.verdict !== 'refuse') return found;
    tooOld ??= found;
  }
  return tooOld;
}

/**
 * The nats-server to run, with a warning when it is older than the tested version.
 * @throws StatusError NotFound, BadRequest (too old)
 */
export function findNatsServer(env: NodeJS.ProcessEnv = process.env): FoundNatsServer & { readonly warning?: string } {
  const found = lookForNatsServer(env);
  if (found === undefined) {
    throw statusError(
      'NotFound',
      `no nats-server found in TROUPE_NATS_SERVER, PATH or TROUPE_HOME/bin; run \`npm start\` on Debian as root, or install nats-server ${TESTED_NATS_SERVER} or newer`,
    );
  }
  if (found.verdict === 'refuse') {
    throw statusError(
      'BadRequest',
      `${found.path} is nats-server ${found.version}, older than ${OLDEST_NATS_SERVER}; install ${TESTED_NATS_SERVER} or newer and name it in TROUPE_NATS_SERVER`,
    );
  }
  if (found.verdict === 'ok') return found;
  return {
    ...found,
    warning: `${found.path} is nats-server ${found.version}; Troupe is tested with ${TESTED_NATS_SERVER}`,
  };
}
