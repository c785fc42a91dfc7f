import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { statusError } from '../../contracts/errors/status.ts';
import { type HomePaths, makePrivateFolder } from '../boot/home.ts';
import { judgeNatsVersion, parseNatsVersion } from '../boot/plan-nats-version.ts';
import type { Mirror } from './plan-apt-sources.ts';
import { runCommand } from './run-command.ts';

const SUITE = 'sid';
const UPDATE_MS = 180_000;
const DOWNLOAD_MS = 180_000;

/** apt with sources, lists and caches of its own: it reads the machine's proxies and keys, and changes nothing. */
function aptOptions(folder: string): readonly string[] {
  const settings = {
    'Dir::Etc::sourcelist': join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::Cache': join(folder, 'cache'),
    'APT::Update::Error-Mode': 'any',
    'Acquire::Languages': 'none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    'Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled': 'false',
    'Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled': 'false',
    'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled': 'false',
    'Acquire::PDiffs': 'false',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '20',
    'Acquire::https::Timeout': '20',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** Readable for apt's own user, which downloads without root's rights. */
function aptFolder(mirror: Mirror): string {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-apt-'));
  chmodSync(folder, 0o755);
  for (const part of ['lists/partial', 'cache/archives/partial', 'deb'])
    mkdirSync(join(folder, part), { recursive: true });
  const options = mirror.signedBy === undefined ? '' : `[signed-by=${mirror.signedBy}] `;
  writeFileSync(join(folder, 'sources.list'), `deb ${options}${mirror.uri} ${SUITE} main\n`);
  return folder;
}

/** Fetches the package from one mirror, signatures checked by apt. @returns the path of the program, unpacked */
async function fetchFrom(folder: string, logFile: string): Promise<string> {
  const options = aptOptions(folder);
  const deb = join(folder, 'deb');
  await runCommand('apt-get', [...options, '-q', 'update'], { logFile, timeoutMs: UPDATE_MS });
  await runCommand('apt-get', [...options, '-q', 'download', 'nats-server'], {
    cwd: deb,
    logFile,
    timeoutMs: DOWNLOAD_MS,
  });
  const file = readdirSync(deb).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw statusError('InternalError', 'apt-get download nats-server: it left no package');
  const unpacked = join(folder, 'unpacked');
  await runCommand('dpkg-deb', ['-x', join(deb, file), unpacked], { logFile, timeoutMs: 60_000 });
  return join(unpacked, 'usr', 'sbin', 'nats-server');
}

/** @throws StatusError when the program does not run here, or is too old (an old snapshot of the archive) */
function checkProgram(path: string): string {
  let said: string;
  try {
    said = execFileSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  } catch (cause) {
    throw statusError('InternalError', `the package's nats-server does not run here: ${String(cause)}`);
  }
  const version = parseNatsVersion(said);
  if (version === undefined || judgeNatsVersion(version) === 'refuse') {
    throw statusError('InternalError', `the package's nats-server is ${version ?? said.trim()}, too old`);
  }
  return version;
}

/**
 * Puts nats-server into TROUPE_HOME/bin, from the first mirror that has it.
 * @returns its version
 * @throws StatusError ServiceUnavailable when no mirror serves; the message says what each answered
 */
export async function installNatsServer(
  paths: HomePaths,
  mirrors: readonly Mirror[],
  logFile: string,
): Promise<string> {
  const refusals: string[] = [];
  for (const mirror of mirrors) {
    const folder = aptFolder(mirror);
    try {
      const program = await fetchFrom(folder, logFile);
      const version = checkProgram(program);
      makePrivateFolder(paths.bin);
      copyFileSync(program, `${paths.natsServer}.new`);
      chmodSync(`${paths.natsServer}.new`, 0o755);
      renameSync(`${paths.natsServer}.new`, paths.natsServer);
      return version;
    } catch (error) {
      refusals.push(`${mirror.uri}: ${(error as Error).message}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  throw statusError(
    'ServiceUnavailable',
    `nats-server could not be taken from any mirror (${refusals.join('; ')}); install 2.15 or newer yourself and name it in TROUPE_NATS_SERVER`,
  );
}
