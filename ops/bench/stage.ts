import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Cluster, MASTER, OPERATOR, prepareHome, writeCluster } from '../boot/home/cluster.ts';
import { type HomePaths, homePaths, writePrivateFile } from '../boot/home/home.ts';
import { launcher } from '../boot/home/project-root.ts';
import { findNatsServer } from '../boot/nats/find-nats-server.ts';
import { natsServerConfig } from '../boot/nats/nats-config.ts';
import { choosePort, waitForNats } from '../boot/nats/nats-process.ts';
import { declaredActors } from '../boot/roles/hosted-actors.ts';
import { natsMemoryEnv, v8Arguments } from '../boot/roles/memory-settings.ts';
import { type Supervised, supervise } from '../boot/supervision/supervise.ts';
import { type Permissions, planPermissions } from '../boot/users/plan-permissions.ts';
import { seedFile, writeUser } from '../boot/users/users.ts';
import type { Client } from '../client/client.ts';
import { connectClient } from '../client/connect.ts';
import { until } from './drive.ts';
import { endLater } from './end-later.ts';

/** A user that may publish and subscribe to anything: for simulated nodes and the bare broker's peers. */
export const EXTRA = 'bench';

/** A control plane in a temporary home: nats-server and a master, each a child process as in production. */
export interface Stage {
  readonly paths: HomePaths;
  readonly cluster: Cluster;
  /** A client of the operator. */
  readonly client: Client;
  /** Pids of the running processes. */
  readonly pids: { readonly nats: number; readonly master: number };
  connect(user: string): Promise<Client>;
  /** Starts a module of this folder as another child process. @param profile folder for its CPU profile */
  child(name: string, module: string, env?: Record<string, string>, profile?: string): Supervised;
  stop(): Promise<void>;
}

export interface StageOptions {
  /** Default true. */
  readonly record?: boolean;
  /** Folder in which the master writes a CPU profile when it ends. */
  readonly profile?: string | undefined;
}

const profiling = (folder: string | undefined): readonly string[] =>
  folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];

const ANYTHING: Permissions = { publish: ['>'], subscribe: ['>'], answers: [] };

/** Creates the users, and writes nats-server's configuration with their permissions. */
function writeServerConfig(paths: HomePaths, cluster: Cluster): void {
  const accounts: readonly (readonly [string, Permissions])[] = [
    [MASTER, planPermissions(cluster.prefix, MASTER, { kind: 'system', declared: declaredActors.master })],
    [OPERATOR, planPermissions(cluster.prefix, OPERATOR, { kind: 'operator' })],
    [EXTRA, ANYTHING],
  ];
  const users = accounts.map(([name, permissions]) => {
    const { publicKey } = writeUser(paths, { name, profile: name === MASTER ? 'system' : 'operator' });
    return { name, publicKey, permissions };
  });
  writePrivateFile(
    paths.natsConfig,
    natsServerConfig({ port: cluster.port, sync: cluster.sync, storeDir: paths.natsStore, users }),
  );
}

export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const paths = homePaths(mkdtempSync(join(tmpdir(), 'troupe-bench-')));
  prepareHome(paths);
  const port = await choosePort(0);
  const cluster = writeCluster(paths, { port, node: 'bench' });
  writeServerConfig(paths, cluster);
  const children: Supervised[] = [];
  const run = (name: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv): Supervised => {
    const child = supervise(
      {
        name,
        command,
        args,
        env: { ...process.env, ...env },
        logFile: join(paths.logs, `${name}.log`),
        graceMs: 15_000,
      },
      {
        ended: (_name, why) => console.error(`${name} ${why}`),
        line: (_name, text) => {
          if (/^(warning|error)/.test(text)) console.error(`${name}: ${text.slice(0, 300)}`);
        },
      },
    );
    children.push(child);
    return child;
  };
  const role = (user: string): NodeJS.ProcessEnv => ({
    TROUPE_HOME: paths.home,
    TROUPE_URL: cluster.url,
    TROUPE_PREFIX: cluster.prefix,
    TROUPE_USER: user,
    TROUPE_INSTANCE: 'bench',
    TROUPE_NKEY: seedFile(paths, user),
    TROUPE_RECORD: options.record === false ? 'off' : 'on',
  });
  const open: Client[] = [];
  const connectAsUser = async (user: string): Promise<Client> => {
    const client = await connectClient({ home: paths.home, url: cluster.url, user });
    open.push(client);
    return client;
  };
  const stop = endLater(async () => {
    for (const client of open) await client.close();
    for (const child of children.reverse()) await child.stop();
    rmSync(paths.home, { recursive: true, force: true });
  });
  try {
    const nats = run('nats-server', findNatsServer().path, ['-c', paths.natsConfig], natsMemoryEnv(process.env));
    await waitForNats(port, 20_000, () => 'see its log');
    const args = [...v8Arguments(process.env), ...profiling(options.profile), launcher, 'master'];
    const master = run('master', process.execPath, args, role(MASTER));
    const client = await connectAsUser(OPERATOR);
    await until('an api-server answers', 30_000, () =>
      client.get('namespaces', { name: 'default' }).then(
        () => true,
        () => false,
      ),
    );
    return {
      paths,
      cluster,
      client,
      get pids() {
        return { nats: nats.id?.pid ?? 0, master: master.id?.pid ?? 0 };
      },
      connect: connectAsUser,
      child: (name, module, env = {}, profile) => {
        const file = fileURLToPath(new URL(`./${module}.js`, import.meta.url));
        return run(name, process.execPath, [...v8Arguments(process.env), ...profiling(profile), file], {
          ...role(EXTRA),
          ...env,
        });
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
