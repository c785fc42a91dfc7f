import { appendFileSync, existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { KEEP, type Keep } from '../../actors/store/plan-retention.ts';
import { StatusError, statusError } from '../../contracts/errors/status.ts';
import type { Client } from '../client/client.ts';
import { connectClient } from '../client/connect.ts';
import { type Cluster, MASTER, OPERATOR, prepareHome, readCluster, writeCluster } from './cluster.ts';
import { findNatsServer } from './find-nats-server.ts';
import { defaultHome, type HomePaths, homePaths, troupeHome } from './home.ts';
import { leanNats } from './lean-heap.ts';
import { releaseLock, takeLock, updateLock } from './lock.ts';
import { choosePort, waitForNats, writeNatsConfig } from './nats-process.ts';
import { nodeUser } from './plan-permissions.ts';
import type { ProcessId } from './processes.ts';
import { keepEnv } from './keep.ts';
import { launcher } from './root.ts';
import type { Roster } from './roster.ts';
import { type ChildSpec, type Supervised, supervise } from './supervise.ts';
import { offerNatsContext, seedFile, writeNatsContext, writeUser } from './users.ts';

export interface UpOptions {
  readonly home?: string;
  /** Wished port of the embedded server; default that of last time, else 4222; a free one when it is taken. */
  readonly port?: number;
  /** `1s` (default) or `always`. */
  readonly sync?: string;
  /** How long and how large recordings may become; default as last time, else 7 days and 4 GiB. */
  readonly keep?: Partial<Keep>;
  /** Name of this machine's node; default its host name. */
  readonly node?: string;
  readonly roster: Roster;
  /** What happens, in one line each: for people. */
  readonly say: (text: string) => void;
  /** Every line of the children. */
  readonly line?: (child: string, text: string) => void;
  /** Milliseconds until an api-server must have answered; default 60 s. */
  readonly readyWithinMs?: number;
}

export interface RunningCluster {
  readonly cluster: Cluster;
  readonly paths: HomePaths;
  /** Ends worker, master and nats-server, in this order; containers keep running. */
  stop(): Promise<void>;
}

const DEFAULT_PORT = 4222;
const LOG_BYTES_MOST = 16 * 1024 * 1024;
function logFile(paths: HomePaths, name: string): string {
  const file = join(paths.logs, `${name}.log`);
  if (existsSync(file) && statSync(file).size > LOG_BYTES_MOST) renameSync(file, `${file}.1`);
  return file;
}

function writeAccounts(paths: HomePaths, cluster: Cluster, roster: Roster): void {
  writeUser(paths, { name: MASTER, profile: 'system' });
  writeUser(paths, { name: nodeUser(cluster.node), profile: 'node', node: cluster.node });
  writeUser(paths, { name: OPERATOR, profile: 'operator' });
  writeNatsConfig(paths, cluster, roster);
}

function roleSpec(paths: HomePaths, cluster: Cluster, role: 'master' | 'worker'): ChildSpec {
  const user = role === 'master' ? MASTER : nodeUser(cluster.node);
  return {
    name: role,
    command: process.execPath,
    args: [launcher, role, ...(role === 'worker' ? ['--node', cluster.node] : [])],
    env: {
      ...process.env,
      TROUPE_HOME: paths.home,
      TROUPE_URL: cluster.url,
      TROUPE_PREFIX: cluster.prefix,
      TROUPE_USER: user,
      // One master a home: the same name every time, so that it takes its own leases back at once.
      TROUPE_INSTANCE: cluster.node,
      TROUPE_NKEY: seedFile(paths, user),
      ...keepEnv(cluster.keep ?? KEEP),
    },
    logFile: logFile(paths, role),
    graceMs: 10_000,
  };
}

/** Asks until an api-server has answered. @throws StatusError Timeout */
async function waitForApi(client: Client, withinMs: number, lastWords: () => string): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      await client.get('namespaces', { name: 'default' }, { resourceVersion: '0' });
      return;
    } catch (error) {
      const reason = error instanceof StatusError ? error.reason : undefined;
      if (reason === 'NotFound') return;
      if (performance.now() > deadline) {
        throw statusError(
          'Timeout',
          `no api-server answers after ${withinMs} ms: ${(error as Error).message}; the master said last: ${lastWords()}`,
        );
      }
      await pause(25);
    }
  }
}

/** The children that run now, kept in the lock file so that a later command can end them. */
function childBook(paths: HomePaths, options: UpOptions) {
  const running: Record<string, ProcessId> = {};
  const last: Record<string, string> = {};
  return {
    lastWords: (name: string): string => last[name] ?? 'it wrote nothing',
    events: {
      line: (name: string, text: string): void => {
        last[name] = text;
        options.line?.(name, text);
      },
      started: (name: string, id: ProcessId): void => {
        running[name] = id;
        updateLock(paths, { children: { ...running } });
      },
      ended: (name: string, why: string, failures: number, delayMs: number): void => {
        // Whoever was killed had no last words.
        const said = last[name] === undefined || !why.startsWith('ended') ? '' : `; it said: ${last[name]}`;
        if (failures === 1 || failures % 10 === 0) options.say(`${name} ${why}${said}`);
        appendFileSync(join(paths.logs, 'up.log'), `${name} ${why}; again in ${delayMs} ms\n`);
      },
    },
  };
}

/**
 * Runs a whole cluster on this machine: nats-server, a master and a worker as supervised child processes.
 * @returns once an api-server has answered
 * @throws StatusError AlreadyExists (another `up` runs from this home), NotFound (no nats-server), Timeout
 */
export async function up(options: UpOptions): Promise<RunningCluster> {
  const paths = homePaths(options.home ?? troupeHome());
  prepareHome(paths);
  const server = findNatsServer({ ...process.env, TROUPE_HOME: paths.home });
  if (server.warning !== undefined) options.say(`warning: ${server.warning}`);
  await takeLock(paths);
  const children: Supervised[] = [];
  const stop = async (): Promise<void> => {
    for (const child of children.reverse()) await child.stop();
    releaseLock(paths);
  };
  try {
    const wished = options.port ?? readCluster(paths)?.port ?? DEFAULT_PORT;
    const port = await choosePort(wished);
    if (wished !== 0 && port !== wished)
      options.say(`port ${wished} is taken by another program; nats-server listens on ${port}`);
    const cluster = writeCluster(paths, { port, sync: options.sync, node: options.node, keep: options.keep });
    writeAccounts(paths, cluster, options.roster);
    const book = childBook(paths, options);
    const natsSpec: ChildSpec = {
      name: 'nats-server',
      command: server.path,
      args: ['-c', paths.natsConfig],
      env: leanNats(process.env),
      logFile: logFile(paths, 'nats-server'),
      graceMs: 15_000,
    };
    children.push(supervise(natsSpec, book.events));
    await waitForNats(port, 20_000, () => book.lastWords('nats-server'));
    for (const role of ['master', 'worker'] as const) {
      children.push(supervise(roleSpec(paths, cluster, role), book.events));
    }
    const operator = writeUser(paths, { name: OPERATOR, profile: 'operator' });
    writeNatsContext(paths, operator);
    // A second cluster of the same person must not take the name from the first.
    if (paths.home === defaultHome()) offerNatsContext(paths, operator, 'troupe');
    const client = await connectClient({ home: paths.home, url: cluster.url, user: OPERATOR });
    try {
      await waitForApi(client, options.readyWithinMs ?? 60_000, () => book.lastWords('master'));
    } finally {
      await client.close();
    }
    updateLock(paths, { ready: true });
    return { cluster, paths, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
