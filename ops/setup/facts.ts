import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import Dockerode from 'dockerode';
import { homePaths, troupeHome } from '../boot/home/home.ts';
import { lookForNatsServer } from '../boot/nats/find-nats-server.ts';
import { findBusybox } from './images.ts';
import { type Mirror, planMirrors } from './plan-apt-sources.ts';
import type { EngineFact, SetupFacts } from './plan-setup.ts';

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

const osRelease = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (readIfThere('/etc/os-release') ?? '')
      .split('\n')
      .map((line) => /^([A-Z_]+)="?([^"]*)"?$/.exec(line))
      .flatMap((match) => (match?.[1] === undefined ? [] : [[match[1], match[2] ?? '']])),
  );

function glibcVersion(): string | undefined {
  try {
    const said = execFileSync('getconf', ['GNU_LIBC_VERSION'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /(\d+\.\d+)/.exec(said)?.[1];
  } catch {
    return undefined;
  }
}

/** Also looks where Debian installs daemons: these folders are on root's PATH alone, and not always. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => path.startsWith('/') && existsSync(path));
}

function aptMirrors(codename: string): readonly Mirror[] {
  const folder = '/etc/apt/sources.list.d';
  const names = [
    '/etc/apt/sources.list',
    ...(existsSync(folder) ? readdirSync(folder).sort() : []).map((n) => join(folder, n)),
  ];
  const files = names
    .filter((name) => name.endsWith('.list') || name.endsWith('.sources'))
    .flatMap((name) => {
      const text = readIfThere(name);
      return text === undefined ? [] : [{ name, text }];
    });
  return planMirrors(files, codename);
}

async function hasBusybox(env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    await findBusybox(homePaths(troupeHome(env)));
    return true;
  } catch {
    return false;
  }
}

const PING_MS = 5_000;

/** Does an engine answer (DOCKER_HOST, else the default socket)? */
export async function findEngine(): Promise<EngineFact> {
  try {
    const { Version } = await new Dockerode({ timeout: PING_MS }).version();
    return { answers: true, version: Version };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const words = code ?? message;
    if ((process.env['DOCKER_HOST'] ?? '') !== '') return { answers: false, why: 'elsewhere', words };
    return { answers: false, why: code === 'EACCES' || code === 'EPERM' ? 'denied' : 'absent', words };
  }
}

/**
 * Examines the machine. Takes a few milliseconds when nothing is missing.
 * @throws StatusError NotFound when TROUPE_NATS_SERVER is set and is not a nats-server
 */
export async function gatherFacts(env: NodeJS.ProcessEnv = process.env): Promise<SetupFacts> {
  const natsServer = lookForNatsServer(env);
  const engine = await findEngine();
  const { ID, VERSION_ID, VERSION_CODENAME = '' } = osRelease();
  const debian = ID === 'debian' ? (VERSION_ID ?? '99') : undefined; // testing and unstable have no number
  const glibc = natsServer?.verdict === 'ok' ? undefined : glibcVersion();
  return {
    platform: process.platform,
    ...(debian === undefined ? {} : { debian }),
    root: process.getuid?.() === 0,
    ...(glibc === undefined ? {} : { glibc }),
    noInstall: !['', '0', 'false', 'no'].includes((env['TROUPE_NO_INSTALL'] ?? '').toLowerCase()),
    ...(natsServer === undefined
      ? {}
      : { natsServer: { ...natsServer, wished: natsServer.source === 'TROUPE_NATS_SERVER' } }),
    busybox: await hasBusybox(env),
    engine,
    dockerd: !engine.answers && findProgram('dockerd') !== undefined,
    systemd: existsSync('/run/systemd/system'),
    mirrors: debian === undefined ? [] : aptMirrors(VERSION_CODENAME),
  };
}
