import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { statusError } from '../../contracts/errors/status.ts';
import { type Cluster, OPERATOR, readCluster } from '../boot/cluster.ts';
import { findNatsServer, lookForNatsServer } from '../boot/find-nats-server.ts';
import { type HomePaths, homePaths } from '../boot/home.ts';
import { runningUp } from '../boot/lock.ts';
import { choosePort, waitForNats } from '../boot/nats-process.ts';
import type { Client } from '../client/client.ts';
import { connectClient } from '../client/connect.ts';
import { takeReading } from './reading-lock.ts';

export interface OpenedHome {
  readonly client: Client;
  readonly cluster: Cluster;
  readonly paths: HomePaths;
  /** The cluster runs; otherwise only its store was opened. */
  readonly live: boolean;
  close(): Promise<void>;
}

/**
 * Opens the recordings of a home: through its running server, else through a server of our own on the same store, which
 * nothing but this process talks to and which ends with it.
 * @throws StatusError NotFound (this home has no cluster)
 */
export async function openHome(home: string): Promise<OpenedHome> {
  const paths = homePaths(home);
  const cluster = readCluster(paths);
  if (cluster === undefined || !existsSync(paths.natsConfig)) {
    throw statusError(
      'NotFound',
      `${home} has no cluster, so no recordings; start one with "troupe up", or set TROUPE_HOME`,
    );
  }
  if (runningUp(paths) !== undefined) {
    const client = await connectClient({ home, url: cluster.url, user: OPERATOR });
    void closeWhenLost(client);
    return { client, cluster, paths, live: true, close: () => client.close() };
  }
  const giveBack = await takeReading(paths, 30_000);
  try {
    return await openStopped(home, cluster, paths, giveBack);
  } catch (error) {
    giveBack();
    throw error;
  }
}

/** Whoever reads does not wait for a server that went away: it may never come back. */
async function closeWhenLost({ connection }: Client): Promise<void> {
  for await (const { type } of connection.status()) if (type === 'disconnect') await connection.close();
}

async function openStopped(
  home: string,
  cluster: Cluster,
  paths: HomePaths,
  giveBack: () => void,
): Promise<OpenedHome> {
  const port = await choosePort(0);
  const there = lookForNatsServer({ ...process.env, TROUPE_HOME: home });
  const server = there === undefined || there.verdict === 'refuse' ? findNatsServer() : there; // set-up's own is in ours
  const child = spawn(server.path, ['-c', paths.natsConfig, '-a', '127.0.0.1', '-p', String(port)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let lastWords = 'it wrote nothing';
  child.stderr.on('data', (data: Buffer) => {
    lastWords = data.toString().trim().split('\n').at(-1) ?? lastWords;
  });
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  try {
    await waitForNats(port, 20_000, () => lastWords);
    const client = await connectClient({ home, url: `nats://127.0.0.1:${port}`, user: OPERATOR });
    void closeWhenLost(client);
    return {
      client,
      cluster,
      paths,
      live: false,
      close: async () => {
        await client.close();
        await end();
        giveBack();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}
