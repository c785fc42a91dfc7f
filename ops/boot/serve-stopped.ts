import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { findNatsServer, lookForNatsServer } from './find-nats-server.ts';
import type { HomePaths } from './home.ts';
import { updateLock } from './lock.ts';
import { choosePort, READY_WITHIN_MS, waitForNats } from './nats-process.ts';
import { identify } from './processes.ts';

export interface StoppedServer {
  readonly url: string;
  /** Ends it in order. */
  end(): Promise<void>;
}

/**
 * A shell that becomes the program it is given. What it leaves behind reads descriptor 3, whose other end is ours: the
 * kernel closes that when we die, however that happens, and then it ends the program; a line means that it may go.
 */
const ON_A_LEASH = '{ read -r _ || kill "$$"; } <&3 >/dev/null 2>&1 & exec 3<&- "$0" "$@"';

/**
 * A server on the store of a cluster that does not run, on a port of its own; it ends with this process, whatever ends
 * that. Whoever asks for it holds the home.
 * @throws StatusError NotFound (no nats-server), ServiceUnavailable (it ended), Timeout
 */
export async function serveStopped(paths: HomePaths): Promise<StoppedServer> {
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
  child.once('error', ({ message }) => {
    lastWords = message;
  });
  child.stderr?.on('data', (data: Buffer) => {
    lastWords = data.toString().trim().split('\n').at(-1) ?? lastWords;
  });
  const leash = child.stdio[3] as Socket | null;
  leash?.on('error', () => undefined); // whoever held the other end is gone
  child.once('exit', () => leash?.end('\n', () => leash.destroy()));
  const isOver = (): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const end = async (): Promise<void> => {
    if (isOver()) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  try {
    await waitForNats(port, READY_WITHIN_MS, () => lastWords, { failures: () => (isOver() ? Infinity : 0) });
  } catch (error) {
    await end();
    throw error;
  }
  return { url: `nats://127.0.0.1:${port}`, end };
}
