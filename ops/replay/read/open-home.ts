import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JetStreamApiError } from '@nats-io/jetstream';
import { statusError } from '../../../contracts/errors/status.ts';
import { bucketNames, streamOf } from '../../../contracts/store/buckets.ts';
import { type Cluster, OPERATOR, readCluster } from '../../boot/home/cluster.ts';
import { type HomePaths, homePaths, writePrivateFile } from '../../boot/home/home.ts';
import { releaseLock, runningUp, takeLock } from '../../boot/home/home-lock.ts';
import { serveStoppedCluster } from '../../boot/nats/serve-stopped-cluster.ts';
import type { Client } from '../../client/client.ts';
import { connectClient } from '../../client/connect.ts';
import { pause } from '../../client/pause.ts';
import type { OpenedRecordings } from './recorded-where.ts';

/** Longest wait for a cluster that is starting, or for another reader. */
const WAIT_MS = 60_000;
const LOOK_AGAIN_MS = 50;

/**
 * Opens the recordings of a home: through its running nats-server, else through a private one on the same store, which is
 * stopped when the recordings are closed.
 * @throws StatusError NotFound (this home has no cluster), Conflict (another process reads it for too long)
 */
export async function openHome(home: string): Promise<OpenedRecordings> {
  const paths = homePaths(home);
  const cluster = readCluster(paths);
  if (cluster === undefined || !existsSync(paths.natsConfig)) {
    throw statusError(
      'NotFound',
      `${home} has no cluster and so no recordings; start one with "troupe up", set TROUPE_HOME, or name another nats-server with TROUPE_URL`,
    );
  }
  if (runningUp(paths) === undefined) {
    await takeLock(paths, { as: 'reading', waitMs: WAIT_MS });
    try {
      return await openStopped(cluster, paths);
    } catch (error) {
      releaseLock(paths);
      throw error;
    }
  }
  await untilReady(paths);
  // The address may have changed since the cluster started.
  const opened = await connected(paths, readCluster(paths)?.url ?? cluster.url);
  return { ...opened, prefix: cluster.prefix, live: true };
}

/** Waits for a cluster that is starting, but not longer than the limit. */
async function untilReady(paths: HomePaths): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (runningUp(paths)?.ready === false && performance.now() < deadline) await pause(LOOK_AGAIN_MS);
}

async function connected(paths: HomePaths, url: string): Promise<Pick<OpenedRecordings, 'client' | 'close'>> {
  const client = await connectClient({ home: paths.home, url, user: OPERATOR });
  void closeWhenLost(client);
  return { client, close: () => client.close() };
}

/** Does not wait for a server that went away: it may never come back. */
async function closeWhenLost({ connection }: Client): Promise<void> {
  for await (const { type } of connection.status()) if (type === 'disconnect') await connection.close();
}

/**
 * Corrects the path of the store in the configuration. "up" wrote it as an absolute path; in a home that was moved or copied
 * it is wrong, and may even be the store of a running cluster.
 */
function nameOwnStore({ natsConfig, natsStore }: HomePaths): void {
  const written = readFileSync(natsConfig, 'utf8');
  const own = written.replace(/^( *store_dir: ).*$/m, (_line, named: string) => named + JSON.stringify(natsStore));
  if (own !== written) writePrivateFile(natsConfig, own);
}

const STREAM_NOT_FOUND = 10_059;
/** Folder of nats-server's default account in the store. */
const ACCOUNT = '$G';

function missing(error: unknown, { home, natsStore }: HomePaths, { prefix }: Cluster): Error | undefined {
  if (!(error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND)) return undefined;
  const { journal, history, checkpoints, objects } = bucketNames(prefix);
  const gone = [journal, history, checkpoints, streamOf(objects)].filter(
    (stream) => !existsSync(join(natsStore, 'jetstream', ACCOUNT, 'streams', stream)),
  );
  return statusError(
    'NotFound',
    `read the recordings of ${home}: ${natsStore} holds no stream ${gone[0] ?? journal}, which the first master of a cluster creates; restore it from a backup, or start the cluster with "troupe up"`,
  );
}

async function openStopped(cluster: Cluster, paths: HomePaths): Promise<OpenedRecordings> {
  nameOwnStore(paths);
  const server = await serveStoppedCluster(paths);
  try {
    const { client, close } = await connected(paths, server.url);
    return {
      client,
      prefix: cluster.prefix,
      live: false,
      worded: (error) => missing(error, paths, cluster),
      close: async () => {
        await close();
        await server.end();
        releaseLock(paths);
      },
    };
  } catch (error) {
    await server.end();
    throw error;
  }
}
