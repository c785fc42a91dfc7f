import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { statusError } from '../../contracts/errors/status.ts';
import { type HomePaths, makePrivateFolder, writePrivateFile } from '../boot/home/home.ts';
import { endProcess, identify, isAlive } from '../boot/supervision/processes.ts';
import { findEngine, findProgram } from './facts.ts';
import { type PidFile, planDockerd, planStalePidFiles } from './plan-dockerd.ts';
import { runCommand } from './run-command.ts';

const INSTALL_MS = 600_000;
const UP_MS = 60_000;
/** A machine that has just booted may be upgrading itself; apt waits for its lock. */
const LOCK = 'DPkg::Lock::Timeout=300';

/** Installs Debian's docker.io; updates apt's lists only when that fails. */
export async function installDocker(logFile: string): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = (): Promise<string> =>
    runCommand('apt-get', ['-o', LOCK, '-q', '-y', '--no-install-recommends', 'install', 'docker.io'], {
      env,
      logFile,
      timeoutMs: INSTALL_MS,
    });
  try {
    await install();
  } catch {
    // One unreachable source makes the update fail although others may work.
    await runCommand('apt-get', ['-o', LOCK, '-q', 'update'], { logFile, timeoutMs: INSTALL_MS }).catch(() => '');
    await install();
  }
}

async function engineAnswers(withinMs: number, goOn: () => boolean): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    if ((await findEngine()).answers) return true;
    if (!goOn()) return false;
    await pause(100);
  }
  return false;
}

/** Tries to start dockerd once. @returns its output when it did not start */
async function tryDockerd(paths: HomePaths, program: string, flags: readonly string[]): Promise<string | undefined> {
  const out = openSync(paths.dockerdLog, 'w', 0o600);
  const path = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;
  const child = spawn(program, flags, {
    detached: true,
    stdio: ['ignore', out, out],
    env: { ...process.env, PATH: path },
  });
  closeSync(out);
  child.on('error', () => undefined); // shows as a process that does not run
  child.unref();
  const id = identify(child.pid ?? 0);
  const comesUp = await engineAnswers(UP_MS, () => child.pid !== undefined && isAlive(id));
  if (comesUp) {
    writePrivateFile(paths.dockerdPid, JSON.stringify(id));
    return undefined;
  }
  await endProcess(id, UP_MS); // frees its files and socket for the next attempt
  return readFileSync(paths.dockerdLog, 'utf8');
}

const PID_FILES = [
  { path: '/var/run/docker.pid', program: 'dockerd' },
  { path: '/var/run/docker/containerd/containerd.pid', program: 'containerd' },
] as const;

function readWord(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** The pid files of the engine that exist on this machine. */
const pidFiles = (): readonly PidFile[] =>
  PID_FILES.flatMap(({ path, program }) => {
    const pid = readWord(path);
    return pid === undefined ? [] : [{ path, program, process: readWord(`/proc/${pid}/comm`) }];
  });

function removeStalePidFiles(say: (text: string) => void): void {
  for (const path of planStalePidFiles(pidFiles())) {
    say(`${path} is left over from an engine that has ended: removing it`);
    rmSync(path, { force: true });
  }
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/**
 * Starts dockerd so that it outlives this process, and waits until it answers. Retries without features that the machine lacks.
 * @throws StatusError NotFound, ServiceUnavailable with dockerd's last line
 */
async function startDockerd(paths: HomePaths, say: (text: string) => void): Promise<void> {
  const program = findProgram('dockerd');
  if (program === undefined) throw statusError('NotFound', 'dockerd is not found on PATH; install Docker');
  removeStalePidFiles(say);
  let flags: readonly string[] = [];
  for (;;) {
    const output = await tryDockerd(paths, program, flags);
    if (output === undefined) return;
    const next = planDockerd(output, flags);
    if (next === undefined) {
      throw statusError(
        'ServiceUnavailable',
        `dockerd does not start: ${lastLine(output)} (see ${paths.dockerdLog}); start an engine yourself`,
      );
    }
    if (next.because !== undefined) say(next.because);
    ({ flags } = next);
  }
}

/** Starts the installed engine and waits until it answers. @throws StatusError ServiceUnavailable */
export async function startDocker(
  paths: HomePaths,
  by: 'systemd' | 'dockerd',
  logFile: string,
  say: (text: string) => void,
): Promise<void> {
  makePrivateFolder(paths.logs);
  makePrivateFolder(paths.run);
  if (by === 'dockerd') return startDockerd(paths, say);
  try {
    await runCommand('systemctl', ['start', 'docker'], { logFile, timeoutMs: UP_MS });
  } catch (error) {
    say(`systemd could not start docker (${(error as Error).message}): starting dockerd`);
    return startDockerd(paths, say);
  }
  if (!(await engineAnswers(UP_MS, () => true))) {
    throw statusError('ServiceUnavailable', 'docker is started but does not answer; see `journalctl -u docker`');
  }
}
