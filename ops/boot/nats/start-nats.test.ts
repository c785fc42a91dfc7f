import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { type Cluster, prepareHome, readCluster } from '../home/cluster.ts';
import { type HomePaths, homePaths } from '../home/home.ts';
import { trackChildren } from '../supervision/child-processes.ts';
import type { Supervised } from '../supervision/supervise.ts';
import { findNatsServer } from './find-nats-server.ts';
import { choosePort, waitForNats } from './nats-process.ts';
import { writeNatsConfig } from './nats-users.ts';
import { startNats } from './start-nats.ts';

/* Goal: nats-server comes up where it can, and says why where it cannot. Method: real servers, in homes of their own. */

const servers: Supervised[] = [];
const homes: string[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
});

interface Start {
  readonly paths: HomePaths;
  readonly said: string[];
  readonly starting: Promise<Cluster>;
}

interface Change {
  readonly write?: (paths: HomePaths) => void;
  readonly started?: (server: Supervised) => void;
  readonly reportEveryMs?: number;
  readonly signal?: AbortSignal;
}

function start(port: number, change: Change = {}): Start {
  const paths = homePaths(mkdtempSync(join(tmpdir(), 'troupe "nats" ü ')));
  homes.push(paths.home);
  prepareHome(paths);
  const said: string[] = [];
  const tracked = trackChildren(paths, (text) => said.push(text), undefined);
  const starting = startNats(
    paths,
    {
      program: findNatsServer().path,
      port,
      settings: { node: 'n1' },
      prepare: (cluster) => {
        writeNatsConfig(paths, cluster, { master: [], worker: () => [] });
        change.write?.(paths);
      },
      tracked,
      say: (text) => said.push(text),
      ...(change.reportEveryMs === undefined ? {} : { reportEveryMs: change.reportEveryMs }),
      ...(change.signal === undefined ? {} : { signal: change.signal }),
    },
    (server) => {
      servers.push(server);
      change.started?.(server);
    },
  );
  return { paths, said, starting };
}

it('another port serves where the wished one is taken', async () => {
  const taken = createServer();
  await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening));
  const { port } = taken.address() as AddressInfo;
  const { paths, said, starting } = start(port);
  const cluster = await starting;
  expect(cluster.port).not.toBe(port);
  expect(readCluster(paths)?.url).toBe(`nats://127.0.0.1:${cluster.port}`);
  expect(said).toEqual([`port ${port} is not free; nats-server listens on ${cluster.port}`]);
  taken.close();
});

it('two that want the same port at once get one each', async () => {
  const port = await choosePort(0);
  const clusters = await Promise.all([start(port).starting, start(port).starting]);
  expect(new Set(clusters.map((one) => one.port)).size).toBe(2);
});

it('settings that the server refuses are told in its own words, soon', async () => {
  const { starting } = start(0, { write: ({ natsConfig }) => writeFileSync(natsConfig, 'listen: {') });
  await expect(starting).rejects.toThrow(/nats-server does not start: .*Parse error/);
});

it('a server that takes its time is told of, and waited for', async () => {
  const send = (server: Supervised, name: NodeJS.Signals): boolean => process.kill(server.id?.pid ?? Number.NaN, name);
  const { paths, said, starting } = start(0, { reportEveryMs: 20, started: (server) => send(server, 'SIGSTOP') });
  await waitUntil('it is told of', 10_000, () => said.length > 1);
  expect(said[0]).toMatch(/^waiting for nats-server to read its store, \d+ s so far; its last line: /);
  expect(said[0]).toContain(`; its log is ${join(paths.logs, 'nats-server.log')}`);
  for (const server of servers) send(server, 'SIGCONT');
  await starting;
});

it('a start can be broken off', async () => {
  const { starting } = start(0, { signal: AbortSignal.abort() });
  await expect(starting).rejects.toThrow('the start was cancelled');
});

it('a start that is broken off is no start, also where the server was quicker', async () => {
  const { port } = await start(0).starting;
  const waiting = waitForNats(port, 10_000, () => '', { signal: AbortSignal.abort() });
  await expect(waiting).rejects.toThrow('the start was cancelled');
});
