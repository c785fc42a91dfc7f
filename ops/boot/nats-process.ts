import { connect as dial, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { statusError } from '../../contracts/errors/status.ts';
import { type Cluster, readCluster } from './cluster.ts';
import { type HomePaths, writePrivateFile } from './home.ts';
import { runningUp } from './lock.ts';
import { type NatsUser, natsServerConfig } from './nats-config.ts';
import { type Profile, planPermissions } from './plan-permissions.ts';
import { signal } from './processes.ts';
import type { Roster } from './roster.ts';
import { readUsers, type UserRecord } from './users.ts';

function profileOf(user: UserRecord, roster: Roster): Profile {
  switch (user.profile) {
    case 'system':
      return { kind: 'system', declared: roster.master };
    case 'node':
      return { kind: 'node', declared: roster.worker(user.node ?? user.name) };
    case 'operator':
      return { kind: 'operator' };
    case 'tenant':
      return { kind: 'tenant', namespaces: user.namespaces ?? [] };
  }
}

/** Everybody who may connect, with what the broker lets each of them do. */
export const natsUsers = (paths: HomePaths, prefix: string, roster: Roster): readonly NatsUser[] =>
  readUsers(paths).map((user) => ({
    name: user.name,
    publicKey: user.publicKey,
    permissions: planPermissions(prefix, user.name, profileOf(user, roster)),
  }));

/** Writes the embedded server's configuration from the users of this home and what the actors declare. */
export function writeNatsConfig(paths: HomePaths, cluster: Cluster, roster: Roster): void {
  const users = natsUsers(paths, cluster.prefix, roster);
  const { port, sync } = cluster;
  writePrivateFile(paths.natsConfig, natsServerConfig({ port, sync, storeDir: paths.natsStore, users }));
}

/** Writes the configuration again after users changed, and has a running server read it. @returns whether one runs */
export function reloadNatsConfig(paths: HomePaths, roster: Roster): boolean {
  const cluster = readCluster(paths);
  if (cluster === undefined) return false;
  writeNatsConfig(paths, cluster, roster);
  const server = runningUp(paths)?.children['nats-server'];
  if (server === undefined) return false;
  signal(server, 'SIGHUP');
  return true;
}

const portIsFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** The wished port when it is free on loopback, else a free one. */
export async function choosePort(wished: number): Promise<number> {
  if (wished > 0 && (await portIsFree(wished))) return wished;
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Does a nats-server greet on this port? */
const greets = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = dial({ port, host: '127.0.0.1' });
    const answer = (yes: boolean): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.setTimeout(1_000, () => answer(false));
    socket.once('error', () => answer(false));
    socket.once('data', (data) => answer(data.toString().startsWith('INFO ')));
  });

/**
 * Waits until the server accepts clients.
 * @param lastWords what it wrote last, for the error
 * @throws StatusError Timeout
 */
export async function waitForNats(port: number, withinMs: number, lastWords: () => string): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await greets(port))) {
    if (performance.now() > deadline) {
      throw statusError('Timeout', `nats-server does not answer on port ${port} after ${withinMs} ms: ${lastWords()}`);
    }
    await pause(10);
  }
}
