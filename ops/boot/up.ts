import { KEEP, type Keep } from '../../actors/store/plan-retention.ts';
import { nodeUser } from '../../contracts/subjects/users.ts';
import { connectClient } from '../client/connect.ts';
import { appendLog } from './home/append-log.ts';
import { type Cluster, MASTER, OPERATOR, prepareHome } from './home/cluster.ts';
import { defaultHome, type HomePaths, homePaths, troupeHome } from './home/home.ts';
import { releaseLock, takeLock, updateLock } from './home/lock.ts';
import { launcher } from './home/root.ts';
import { findNatsServer } from './nats/find-nats-server.ts';
import { writeNatsConfig } from './nats/nats-users.ts';
import { NATS, startNats } from './nats/start-nats.ts';
import { keepEnv } from './roles/keep.ts';
import { otherNodes, tellOther } from './roles/other-nodes.ts';
import { hosting, type DeclaredActors } from './roles/hosted-actors.ts';
import { v8Arguments } from './roles/v8-arguments.ts';
import { planOutdated, tellOutdated } from './users/plan-outdated.ts';
import { offerNatsContext, readUsers, seedFile, writeNatsContext, writeUser } from './users/users.ts';
import { usersTurn } from './users/users-turn.ts';
import { childBook, childLog } from './watch/child-book.ts';
import { watchDisk } from './watch/disk-watch.ts';
import { type ChildSpec, type Supervised, supervise } from './watch/supervise.ts';
import { brokenOff, waitForApi } from './watch/wait-for-api.ts';

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
  readonly declaredActors: DeclaredActors;
  /** What happens, in one line each: for people. */
  readonly say: (text: string) => void;
  /** Every line of the children. */
  readonly line?: (child: string, text: string) => void;
  /** Breaks the start off; what was begun has ended then. */
  readonly signal?: AbortSignal;
}

export interface RunningCluster {
  readonly cluster: Cluster;
  readonly paths: HomePaths;
  /** Ends worker, master and nats-server, in this order; containers keep running. */
  stop(): Promise<void>;
}

/** Who may connect, as nats-server and the `nats` command line read it. */
function writeAccounts(paths: HomePaths, cluster: Cluster, declaredActors: DeclaredActors): void {
  writeUser(paths, { name: MASTER, profile: 'system' });
  writeUser(paths, { name: nodeUser(cluster.node), profile: 'node', node: cluster.node });
  const operator = writeUser(paths, { name: OPERATOR, profile: 'operator' });
  writeNatsConfig(paths, cluster, declaredActors);
  writeNatsContext(paths, operator);
  // A second cluster of the same person must not take the name from the first.
  if (paths.home === defaultHome()) offerNatsContext(paths, operator, 'troupe');
}

function roleSpec(paths: HomePaths, cluster: Cluster, role: 'master' | 'worker'): ChildSpec {
  const user = role === 'master' ? MASTER : nodeUser(cluster.node);
  return {
    name: role,
    command: process.execPath,
    args: [...v8Arguments(process.env), launcher, role, ...(role === 'worker' ? ['--node', cluster.node] : [])],
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
    logFile: childLog(paths, role),
    graceMs: 10_000,
  };
}

/** What goes on is not waited for then. */
const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
  new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(brokenOff()), { once: true });
    work.then(resolve, reject);
  });

/**
 * Runs a whole cluster on this machine: nats-server, a master and a worker as supervised child processes.
 * @returns once an api-server has answered
 * @throws StatusError AlreadyExists (another `up` runs from this home), NotFound (no nats-server), Timeout, Invalid (a
 * setting), ServiceUnavailable (`signal` was aborted, the disk is full)
 */
export async function up(options: UpOptions): Promise<RunningCluster> {
  const { declaredActors, signal } = options;
  const paths = homePaths(options.home ?? troupeHome());
  /** Kept too: a terminal forgets, and `up.out` is of the last start alone. */
  const say = (text: string): void => {
    options.say(text);
    appendLog(childLog(paths, 'up'), text);
  };
  prepareHome(paths);
  const found = findNatsServer({ ...process.env, TROUPE_HOME: paths.home });
  if (found.warning !== undefined) say(`warning: ${found.warning}`);
  await takeLock(paths, {
    signal,
    onWait: ({ pid }) => say(`waiting for process ${pid}, which reads the recordings of ${paths.home}`),
  });
  const children: Supervised[] = [];
  const disk = watchDisk({
    folder: paths.natsStore,
    say,
    restart: async () => await children.find(({ name }) => name === NATS)?.restart(),
  });
  const stop = async (): Promise<void> => {
    disk.stop();
    for (const child of children.toReversed()) await child.stop();
    releaseLock(paths);
  };
  try {
    const book = childBook(paths, options.say, (child, text) => {
      if (child === NATS) disk.hear(text);
      options.line?.(child, text);
    });
    const cluster = await startNats(
      paths,
      {
        program: found.path,
        port: options.port,
        settings: { sync: options.sync, node: options.node, keep: options.keep },
        prepare: (at) => usersTurn(paths, () => writeAccounts(paths, at, declaredActors)),
        book,
        say,
        signal,
      },
      (server) => children.splice(0, 1, server), // in the place of one that could not have its port
    );
    for (const outdated of planOutdated(readUsers(paths), cluster.prefix, declaredActors.master, hosting))
      say(`warning: ${tellOutdated(outdated)}`);
    for (const role of ['master', 'worker'] as const) {
      children.push(supervise(roleSpec(paths, cluster, role), book.events));
    }
    const connecting = connectClient({ home: paths.home, url: cluster.url, user: OPERATOR });
    try {
      await unlessAborted(
        connecting.then((client) => waitForApi(client, { book, logFile: childLog(paths, MASTER), say, signal })),
        signal,
      );
    } finally {
      void connecting.then((client) => client.close()).catch(() => undefined);
    }
    for (const other of await unlessAborted(otherNodes(paths, cluster.node), signal))
      say(`warning: ${tellOther(other)}`);
    updateLock(paths, { ready: true });
    return { cluster, paths, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
