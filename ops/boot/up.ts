import { KEEP, type Keep } from '../../actors/store/plan-retention.ts';
import { nodeUser } from '../../contracts/subjects/users.ts';
import { connectClient } from '../client/connect.ts';
import { appendLog } from './home/append-log.ts';
import { type Cluster, MASTER, OPERATOR, prepareHome } from './home/cluster.ts';
import { defaultHome, type HomePaths, homePaths, troupeHome } from './home/home.ts';
import { releaseLock, takeLock, updateLock } from './home/home-lock.ts';
import { launcher } from './home/project-root.ts';
import { findNatsServer } from './nats/find-nats-server.ts';
import { writeNatsConfig } from './nats/nats-users.ts';
import { NATS, startNats } from './nats/start-nats.ts';
import { type DeclaredActors, hosting } from './roles/hosted-actors.ts';
import { v8Arguments } from './roles/memory-settings.ts';
import { describeOtherNode, otherNodes } from './roles/other-nodes.ts';
import { retentionEnv } from './roles/retention-settings.ts';
import { childLog, trackChildren } from './supervision/child-processes.ts';
import { watchDisk } from './supervision/disk-watch.ts';
import { type ChildSpec, type Supervised, supervise } from './supervision/supervise.ts';
import { type ApiWait, startAborted, waitForApi } from './supervision/wait-for-api.ts';
import { grantMissing } from './users/grants.ts';
import { planOutdated, tellOutdated } from './users/plan-outdated.ts';
import { offerNatsContext, readUsers, seedFile, writeNatsContext, writeUser } from './users/users.ts';
import { withUsersLock } from './users/users-lock.ts';

export interface UpOptions {
  readonly home?: string;
  /** Preferred port of the embedded server; default: that of the last start, else 4222. When it is taken, a free one is used. */
  readonly port?: number;
  /** `1s` (default) or `always`. */
  readonly sync?: string;
  /** Age and size limit of recordings; default: as at the last start, else 7 days and 4 GiB. */
  readonly keep?: Partial<Keep>;
  /** Name of this machine's node; default: made from the host name. */
  readonly node?: string;
  readonly declaredActors: DeclaredActors;
  /** Called with messages for the user, one line each. */
  readonly say: (text: string) => void;
  /** Called with every line of the child processes. */
  readonly line?: (child: string, text: string) => void;
  /** Cancels the start; everything that was started has ended when `up` rejects. */
  readonly signal?: AbortSignal;
}

export interface RunningCluster {
  readonly cluster: Cluster;
  readonly paths: HomePaths;
  /** Stops worker, master and nats-server, in this order; containers keep running. */
  stop(): Promise<void>;
}

/** Writes the users that the cluster needs, nats-server's configuration, and contexts of the `nats` command line. */
function writeAccounts(paths: HomePaths, cluster: Cluster, declaredActors: DeclaredActors): void {
  writeUser(paths, { name: MASTER, profile: 'system' });
  writeUser(paths, { name: nodeUser(cluster.node), profile: 'node', node: cluster.node });
  const operator = writeUser(paths, { name: OPERATOR, profile: 'operator' });
  writeNatsConfig(paths, cluster, declaredActors);
  writeNatsContext(paths, operator);
  // Another home's cluster must not take over the name.
  if (paths.home === defaultHome()) offerNatsContext(paths, operator, 'troupe');
}

function roleSpec(paths: HomePaths, cluster: Cluster, role: 'master' | 'worker'): ChildSpec {
  const user = role === 'master' ? MASTER : nodeUser(cluster.node);
  return {
    name: role,
    command: process.execPath,
    args: [...v8Arguments(process.env, role), launcher, role, ...(role === 'worker' ? ['--node', cluster.node] : [])],
    env: {
      ...process.env,
      TROUPE_HOME: paths.home,
      TROUPE_URL: cluster.url,
      TROUPE_PREFIX: cluster.prefix,
      TROUPE_USER: user,
      // A home has one master. With the same name at every start it regains its leases at once.
      TROUPE_INSTANCE: cluster.node,
      TROUPE_NKEY: seedFile(paths, user),
      ...retentionEnv(cluster.keep ?? KEEP),
    },
    logFile: childLog(paths, role),
    graceMs: 10_000,
  };
}

/** Rejects as soon as `signal` is aborted, without waiting for `work`. */
const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
  new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(startAborted()), { once: true });
    work.then(resolve, reject);
  });

/** Waits until an api-server answers the operator. */
async function apiAnswers(paths: HomePaths, cluster: Cluster, wait: ApiWait): Promise<void> {
  const connecting = connectClient({ home: paths.home, url: cluster.url, user: OPERATOR });
  try {
    await unlessAborted(
      connecting.then((client) => waitForApi(client, wait)),
      wait.signal,
    );
  } finally {
    void connecting.then((client) => client.close()).catch(() => undefined);
  }
}

/** Gives users the roles that they have not got yet. */
async function grantRoles(paths: HomePaths, cluster: Cluster, say: (text: string) => void): Promise<void> {
  try {
    const granted = await grantMissing(paths, cluster.url);
    if (granted.length > 0) say(`users got their roles in the cluster: ${granted.join(', ')}`);
  } catch (error) {
    say(
      `warning: some users have no role in the cluster yet: ${(error as Error).message}; run \`troupe user add\` for them`,
    );
  }
}

/**
 * Runs a cluster on this machine: nats-server, a master and a worker as supervised child processes.
 * @returns once an api-server answers
 * @throws StatusError AlreadyExists (another `up` runs from this home), NotFound (no nats-server), Timeout, Invalid (a
 * setting), ServiceUnavailable (`signal` was aborted, or the disk is full)
 */
export async function up(options: UpOptions): Promise<RunningCluster> {
  const { declaredActors, signal } = options;
  const paths = homePaths(options.home ?? troupeHome());
  /** Messages go to `up.log` too: `up.out` holds the last start alone. */
  const say = (text: string): void => {
    options.say(text);
    appendLog(childLog(paths, 'up'), text);
  };
  prepareHome(paths);
  const found = findNatsServer({ ...process.env, TROUPE_HOME: paths.home });
  if (found.warning !== undefined) say(`warning: ${found.warning}`);
  await takeLock(paths, {
    signal,
    onWait: ({ pid }) => say(`waiting for process ${pid}, which is reading the recordings of ${paths.home}`),
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
    const tracked = trackChildren(paths, options.say, (child, text) => {
      if (child === NATS) disk.hear(text);
      options.line?.(child, text);
    });
    const cluster = await startNats(
      paths,
      {
        program: found.path,
        port: options.port,
        settings: { sync: options.sync, node: options.node, keep: options.keep },
        prepare: (at) => withUsersLock(paths, () => writeAccounts(paths, at, declaredActors)),
        tracked,
        say,
        signal,
      },
      (server) => children.splice(0, 1, server), // replaces a server that could not get its port
    );
    for (const outdated of planOutdated(readUsers(paths), cluster.prefix, declaredActors.master, hosting))
      say(`warning: ${tellOutdated(outdated)}`);
    for (const role of ['master', 'worker'] as const) {
      children.push(supervise(roleSpec(paths, cluster, role), tracked.events));
    }
    await apiAnswers(paths, cluster, { tracked, logFile: childLog(paths, MASTER), say, signal });
    await unlessAborted(grantRoles(paths, cluster, say), signal);
    for (const other of await unlessAborted(otherNodes(paths, cluster.node), signal))
      say(`warning: ${describeOtherNode(other)}`);
    updateLock(paths, { ready: true });
    return { cluster, paths, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
