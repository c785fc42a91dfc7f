import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { statusError } from '../../contracts/errors/status.ts';
import { type HomePaths, makePrivateFolder } from '../boot/home/home.ts';
import { checkNatsVersion, parseNatsVersion } from '../boot/nats/plan-nats-version.ts';
import type { Mirror } from './plan-apt-sources.ts';
import type { Program } from './plan-setup.ts';
import { runCommand } from './run-command.ts';

const SUITE = 'sid';
const UPDATE_MS = 180_000;
const DOWNLOAD_MS = 180_000;

/** Options that give apt its own sources, lists and caches: it uses the machine's proxies and keys, and changes nothing. */
function aptOptions(folder: string, evenExpired: boolean): readonly string[] {
  const settings = {
    ...(evenExpired ? { 'Acquire::Check-Valid-Until': 'false' } : {}),
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

/** Uid of apt's own user, which downloads without root's rights; `undefined` when apt is not run by root. */
function aptUser(): number | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const uid = /^_apt:[^:]*:(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[1];
  return uid === undefined ? undefined : Number(uid);
}

function aptFolder(mirror: Mirror): string {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-apt-'));
  chmodSync(folder, 0o755);
  const owner = aptUser();
  for (const part of ['lists/partial', 'cache/archives/partial', 'deb']) {
    mkdirSync(join(folder, part), { recursive: true });
    if (owner !== undefined) chownSync(join(folder, part), owner, 0);
  }
  const options = mirror.signedBy === undefined ? '' : `[signed-by=${mirror.signedBy}] `;
  writeFileSync(join(folder, 'sources.list'), `deb ${options}${mirror.uri} ${SUITE} main\n`);
  return folder;
}

/** The package of each program, and its path in the package. */
const PACKAGES: Readonly<Record<Program, { readonly name: string; readonly inside: readonly string[] }>> = {
  'nats-server': { name: 'nats-server', inside: ['usr/sbin/nats-server', 'usr/bin/nats-server'] },
  busybox: { name: 'busybox-static', inside: ['usr/bin/busybox', 'bin/busybox'] },
};

/** Downloads a package, whose signature apt checks. @returns the path of the unpacked program */
async function unpack(folder: string, program: Program, options: readonly string[], logFile: string): Promise<string> {
  const { name, inside } = PACKAGES[program];
  const deb = join(folder, 'deb');
  await runCommand('apt-get', [...options, '-q', 'download', name], {
    cwd: deb,
    logFile,
    timeoutMs: DOWNLOAD_MS,
  });
  const file = readdirSync(deb).find((found) => found.startsWith(`${name}_`));
  if (file === undefined) throw statusError('InternalError', `apt-get download ${name}: no package was downloaded`);
  const unpacked = join(folder, program);
  await runCommand('dpkg-deb', ['-x', join(deb, file), unpacked], { logFile, timeoutMs: 60_000 });
  const path = inside.map((place) => join(unpacked, place)).find((place) => existsSync(place));
  if (path === undefined) throw statusError('InternalError', `${file} has no ${inside.join(' and no ')}`);
  return path;
}

/** @throws StatusError when the program does not run here, or is too old (an old snapshot of the archive) */
function checkProgram(program: Program, path: string): void {
  let said: string;
  try {
    said = execFileSync(path, ['--version'], {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (cause) {
    if (program === 'busybox') return; // has no --version; building the images shows whether it runs
    throw statusError('InternalError', `the package's nats-server does not run here: ${String(cause)}`);
  }
  const version = parseNatsVersion(said);
  if (program === 'nats-server' && (version === undefined || checkNatsVersion(version) === 'refuse')) {
    throw statusError('InternalError', `the package's nats-server is ${version ?? said.trim()}, too old`);
  }
}

/** Replaces the file atomically: a start at this moment runs the old or the new program. */
function install(program: string, place: string): void {
  copyFileSync(program, `${place}.new`);
  chmodSync(`${place}.new`, 0o755);
  renameSync(`${place}.new`, place);
}

/** @throws StatusError with apt's message */
async function fetchFrom(
  mirror: Mirror,
  programs: readonly Program[],
  places: Readonly<Record<Program, string>>,
  evenExpired: boolean,
  logFile: string,
): Promise<void> {
  const folder = aptFolder(mirror);
  try {
    const options = aptOptions(folder, evenExpired);
    await runCommand('apt-get', [...options, '-q', 'update'], { logFile, timeoutMs: UPDATE_MS });
    for (const program of programs) {
      const unpacked = await unpack(folder, program, options, logFile);
      checkProgram(program, unpacked);
      install(unpacked, places[program]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Puts programs into TROUPE_HOME/bin, from the first mirror that has all of them. When no mirror works, those whose lists have
 * expired (a snapshot, for example) are tried with a message: signatures and versions are checked all the same.
 * @throws StatusError ServiceUnavailable with the error of each mirror
 */
export async function fetchPrograms(
  paths: HomePaths,
  programs: readonly Program[],
  mirrors: readonly Mirror[],
  logFile: string,
  say: (text: string) => void,
): Promise<void> {
  const places = { 'nats-server': paths.natsServer, busybox: paths.busybox };
  makePrivateFolder(paths.bin);
  const refusals: string[] = [];
  const expired: Mirror[] = [];
  for (const mirror of mirrors) {
    try {
      return await fetchFrom(mirror, programs, places, false, logFile);
    } catch (error) {
      refusals.push(`${mirror.uri}: ${(error as Error).message}`);
      if (/is expired/.test((error as Error).message)) expired.push(mirror);
    }
  }
  for (const mirror of expired) {
    try {
      say(`the lists of ${mirror.uri} have expired: using its packages all the same, whose signatures are checked`);
      return await fetchFrom(mirror, programs, places, true, logFile);
    } catch (error) {
      refusals.push(`${mirror.uri}: ${(error as Error).message}`);
    }
  }
  const names = programs.map((program) => PACKAGES[program].name).join(' and ');
  throw statusError(
    'ServiceUnavailable',
    `no mirror has ${names} (${refusals.join('; ')}); install them yourself (nats-server 2.15 or newer, named in TROUPE_NATS_SERVER)`,
  );
}
