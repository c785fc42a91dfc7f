import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { statusError } from '../../contracts/errors/status.ts';
import { readCluster } from '../boot/cluster.ts';
import { homePaths, makePrivateFolder, troupeHome } from '../boot/home.ts';
import { runningUp } from '../boot/lock.ts';
import { launcher } from '../boot/root.ts';
import type { UpOptions } from './boot-commands.ts';
import { Exit } from './errors.ts';
import { INTERRUPTED } from './render-error.ts';

const READY_WITHIN_MS = 90_000;

/**
 * Starts `troupe up` as a process of its own and waits until its api-server has answered.
 * @param signal ends the waiting, and with it what was started
 * @throws StatusError with its last words when it ends before
 */
export async function upDetached(options: UpOptions, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const paths = homePaths(troupeHome());
  if (runningUp(paths)?.ready === true) {
    say(`cluster is up at ${readCluster(paths)?.url ?? ''} already (${paths.home})`);
    return;
  }
  makePrivateFolder(paths.home);
  makePrivateFolder(paths.logs);
  const logFile = `${paths.logs}/up.out`;
  const log = openSync(logFile, 'w', 0o600);
  const { port, sync, node, keep, keepSize } = options;
  const args = Object.entries({ port, sync, node, keep, 'keep-size': keepSize }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  const child = spawn(process.execPath, [launcher, 'up', ...args], { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    if (runningUp(paths)?.ready === true) break;
    if (signal.aborted) {
      child.kill('SIGTERM'); // it ends its own children, and then itself
      throw new Exit(INTERRUPTED);
    }
    if (ended) throw statusError('InternalError', lastLine(logFile) ?? `"troupe up" ended at once; see ${logFile}`);
    if (performance.now() > deadline) {
      throw statusError(
        'Timeout',
        `the cluster is not up after ${READY_WITHIN_MS / 1000} s; see ${logFile}, and "troupe down" ends it`,
      );
    }
    await pause(25);
  }
  child.unref();
  const { url, port: taken } = readCluster(paths) ?? {};
  if (port !== undefined && taken !== Number(port))
    say(`port ${port} is taken by another program; nats-server listens on ${taken ?? 'another'}`);
  say(`cluster is up at ${url ?? ''} (${paths.home}); "troupe down" ends it`);
}

function lastLine(file: string): string | undefined {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.at(-1)?.replace(/^troupe up: /, '') || undefined;
}
