import { spawn } from 'node:child_process';
import { type Dirent, readdirSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { statusError } from '../../../contracts/errors/status.ts';
import type { HomePaths } from '../home/home.ts';
import { updateLock } from '../home/lock.ts';
import { planPatience, streamsBeingRead } from '../watch/plan-patience.ts';
import { endProcess, identify } from '../watch/processes.ts';
import { findNatsServer, lookForNatsServer } from './find-nats-server.ts';
import { choosePort, waitForNats } from './nats-process.ts';

export interface StoppedServer {
  readonly url: string;
  /** Ends it in order. */
  end(): Promise<void>;
}

/**
 * A shell that becomes the program it is given. What it leaves behind reads descriptor 3, whose other end is ours: the
 * kernel closes that when we die, however that happens, and then it ends the program; a line means that it may go.
 */
const ON_A_LEASH = `{ read -r _ || {
  kill "$$"
  for _ in 1 2 3 4 5 6 7 8 9 10; do sleep 1; kill -0 "$$" || exit; done
  kill -9 "$$"
}; } <&3 >/dev/null 2>&1 & exec 3<&- "$0" "$@"`;

/** How long a server may take to end in order. One that is caught in a damaged file does not hear that it shall. */
const GRACE_MS = 10_000;

/**
 * A server on the store of a cluster that does not run, on a port of its own; it ends with this process, whatever ends
 * that. Whoever asks for it holds the home.
 * @param patienceMs by default as long as it may take to read through a store of this size
 * @throws StatusError NotFound (no nats-server), ServiceUnavailable (it ended, or comes to no end with files that are damaged)
 */
export async function serveStopped(
  paths: HomePaths,
  patienceMs = planPatience(bytesBelow(paths.natsStore)),
): Promise<StoppedServer> {
  const port = await choosePort(0);
  const there = lookForNatsServer({ ...process.env, TROUPE_HOME: paths.home });
  const program = there === undefined || there.verdict === 'refuse' ? findNatsServer() : there; // set-up's own is in ours
  const args = ['-c', paths.natsConfig, '-a', '127.0.0.1', '-p', String(port)];
  // In a group of its own: Ctrl-C is for us alone, and a terminal that hangs up would only have it read its settings anew.
  const child = spawn('/bin/sh', ['-c', ON_A_LEASH, program.path, ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) updateLock(paths, { children: { 'nats-server': identify(child.pid) } });
  let lastWords = 'it wrote nothing';
  let written = '';
  child.once('error', ({ message }) => {
    lastWords = message;
  });
  child.stderr?.on('data', (data: Buffer) => {
    written += data.toString();
    lastWords = data.toString().trim().split('\n').at(-1) ?? lastWords;
  });
  const leash = child.stdio[3] as Socket | null;
  leash?.on('error', () => undefined); // whoever held the other end is gone
  child.once('exit', () => leash?.end('\n', () => leash.destroy()));
  const isOver = (): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const end = async (): Promise<void> => {
    if (!isOver() && child.pid !== undefined) await endProcess(identify(child.pid), GRACE_MS);
  };
  try {
    await waitForNats(port, patienceMs, () => lastWords, { failures: () => (isOver() ? Infinity : 0) });
  } catch (error) {
    const caught = isOver() ? [] : streamsBeingRead(written);
    child.kill('SIGKILL'); // it does not hear anything else, and has written nothing
    await end();
    throw caught.length === 0 ? error : caughtIn(caught, paths, patienceMs);
  }
  return { url: `nats://127.0.0.1:${port}`, end };
}

/** Of all that a store holds this alone cannot be done without. */
const holdsObjects = (stream: string): boolean => stream.endsWith('-objects');

function caughtIn(streams: readonly string[], { natsStore }: HomePaths, patienceMs: number): Error {
  const where = join(natsStore, 'jetstream');
  const without = streams.some(holdsObjects) ? '' : ', or move it away, which loses what it held';
  return statusError(
    'ServiceUnavailable',
    `open ${natsStore}: nats-server comes to no end with the files of ${streams.join(', ')}, after ${patienceMs / 1000} s: they are damaged; restore their folder below ${where} from a copy${without}`,
  );
}

function bytesBelow(folder: string): number {
  let entries: readonly Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return 0; // what is wrong with it the server says
  }
  const bytesOf = (entry: Dirent): number => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return bytesBelow(path);
    return entry.isFile() ? (statSync(path, { throwIfNoEntry: false })?.size ?? 0) : 0;
  };
  return entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
}
