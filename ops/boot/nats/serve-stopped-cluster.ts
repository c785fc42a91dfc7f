import { spawn } from 'node:child_process';
import { type Dirent, readdirSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { statusError } from '../../../contracts/errors/status.ts';
import type { HomePaths } from '../home/home.ts';
import { updateLock } from '../home/home-lock.ts';
import { endProcess, identify } from '../supervision/processes.ts';
import { findNatsServer, lookForNatsServer } from './find-nats-server.ts';
import { choosePort, waitForNats } from './nats-process.ts';
import { planNatsStartTimeout, streamsBeingRead } from './plan-nats-startup.ts';

export interface StoppedServer {
  readonly url: string;
  /** Ends it in order. */
  end(): Promise<void>;
}

/**
 * A shell script that becomes the given program. Its background process reads descriptor 3, whose other end this process holds.
 * When this process dies, the kernel closes that end, and the background process ends the program. A line on it ends the
 * background process alone.
 */
const TIED_TO_PARENT = `{ read -r _ || {
  kill "$$"
  for _ in 1 2 3 4 5 6 7 8 9 10; do sleep 1; kill -0 "$$" || exit; done
  kill -9 "$$"
}; } <&3 >/dev/null 2>&1 & exec 3<&- "$0" "$@"`;

/** How long a server may take to stop. One that loops in a damaged file does not react to SIGTERM. */
const GRACE_MS = 10_000;

/**
 * Runs a nats-server on the store of a stopped cluster, on a port of its own; it ends with this process, even when that is killed.
 * The caller must hold the home's lock.
 * @param withinMs default: the time that reading a store of this size may take
 * @throws StatusError NotFound (no nats-server), ServiceUnavailable (the server ended, or does not finish reading damaged files)
 */
export async function serveStoppedCluster(
  paths: HomePaths,
  withinMs = planNatsStartTimeout(bytesBelow(paths.natsStore)),
): Promise<StoppedServer> {
  const port = await choosePort(0);
  const there = lookForNatsServer({ ...process.env, TROUPE_HOME: paths.home });
  const program = there === undefined || there.verdict === 'refuse' ? findNatsServer() : there; // the home of this process has the one that set-up installed
  const args = ['-c', paths.natsConfig, '-a', '127.0.0.1', '-p', String(port)];
  // In a process group of its own: Ctrl-C must reach this process alone, and SIGHUP would only make the server reload.
  const child = spawn('/bin/sh', ['-c', TIED_TO_PARENT, program.path, ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) updateLock(paths, { children: { 'nats-server': identify(child.pid) } });
  let lastLine = 'it wrote nothing';
  let written = '';
  child.once('error', ({ message }) => {
    lastLine = message;
  });
  child.stderr?.on('data', (data: Buffer) => {
    written += data.toString();
    lastLine = data.toString().trim().split('\n').at(-1) ?? lastLine;
  });
  const tie = child.stdio[3] as Socket | null;
  tie?.on('error', () => undefined); // the background process is gone
  child.once('exit', () => tie?.end('\n', () => tie.destroy()));
  const isOver = (): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const end = async (): Promise<void> => {
    if (!isOver() && child.pid !== undefined) await endProcess(identify(child.pid), GRACE_MS);
  };
  try {
    await waitForNats(port, withinMs, () => lastLine, { failures: () => (isOver() ? Infinity : 0) });
  } catch (error) {
    const unfinished = isOver() ? [] : streamsBeingRead(written);
    child.kill('SIGKILL'); // it does not react to SIGTERM, and has written nothing
    await end();
    throw unfinished.length === 0 ? error : damaged(unfinished, paths, withinMs);
  }
  return { url: `nats://127.0.0.1:${port}`, end };
}

/** The one stream without which a cluster cannot be read. */
const holdsObjects = (stream: string): boolean => stream.endsWith('-objects');

function damaged(streams: readonly string[], { natsStore }: HomePaths, withinMs: number): Error {
  const where = join(natsStore, 'jetstream');
  const alternative = streams.some(holdsObjects) ? '' : ', or move it away and lose its contents';
  return statusError(
    'ServiceUnavailable',
    `open ${natsStore}: nats-server has not finished reading the files of ${streams.join(', ')} after ${withinMs / 1000} s: they are damaged; restore their folder below ${where} from a copy${alternative}`,
  );
}

function bytesBelow(folder: string): number {
  let entries: readonly Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return 0; // the server reports the error
  }
  const bytesOf = (entry: Dirent): number => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return bytesBelow(path);
    return entry.isFile() ? (statSync(path, { throwIfNoEntry: false })?.size ?? 0) : 0;
  };
  return entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
}
