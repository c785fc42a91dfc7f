import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from 'nats';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { connectClient } from '../../client/connect.ts';
import { OPERATOR, prepareHome, writeCluster } from '../home/cluster.ts';
import { type HomePaths, homePaths } from '../home/home.ts';
import { releaseLock, takeLock } from '../home/home-lock.ts';
import { isAlive, type ProcessId } from '../supervision/processes.ts';
import { writeUser } from '../users/users.ts';
import { choosePort } from './nats-process.ts';
import { writeNatsConfig } from './nats-users.ts';
import { serveStoppedCluster } from './serve-stopped-cluster.ts';

/* Goal: whoever reads the store of a stopped cluster leaves no server behind. Method: a real nats-server on a home's store. */

let paths: HomePaths;
let reader: ChildProcess | undefined;
beforeEach(async () => {
  paths = homePaths(mkdtempSync(join(tmpdir(), 'troupe stopped ')));
  prepareHome(paths);
  const cluster = writeCluster(paths, { port: await choosePort(0), node: 'n1' });
  writeUser(paths, { name: OPERATOR, profile: 'operator' });
  writeNatsConfig(paths, cluster, { master: [], worker: () => [] });
});
afterEach(() => {
  reader?.kill('SIGKILL');
  rmSync(paths.home, { recursive: true, force: true });
});

const serverIn = (file: string): ProcessId | undefined =>
  (JSON.parse(readFileSync(join(paths.run, file), 'utf8')) as { children: Record<string, ProcessId> }).children[
    'nats-server'
  ];

it('serves the store to this process alone, and ends in order', async () => {
  await takeLock(paths, { as: 'reading' });
  const server = await serveStoppedCluster(paths);
  const client = await connectClient({ home: paths.home, url: server.url, user: OPERATOR });
  await client.connection.flush();
  await client.close();
  const id = serverIn('up.json');
  expect(id !== undefined && isAlive(id)).toBe(true);
  await server.end();
  expect(id !== undefined && isAlive(id)).toBe(false);
  releaseLock(paths);
});

it('ends when its reader is killed', async () => {
  const script = `
    const { homePaths } = await import('./dist/ops/boot/home/home.js');
    const { takeLock } = await import('./dist/ops/boot/home/home-lock.js');
    const { serveStoppedCluster } = await import('./dist/ops/boot/nats/serve-stopped-cluster.js');
    const paths = homePaths(${JSON.stringify(paths.home)});
    await takeLock(paths, { as: 'reading' });
    console.log((await serveStoppedCluster(paths)).url);`;
  reader = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(reader.stdout as Readable, 'data');
  const id = serverIn('up.json');
  expect(id !== undefined && isAlive(id)).toBe(true);
  const exit = once(reader, 'exit');
  reader.kill('SIGKILL');
  await exit;
  await waitUntil('the server is gone', 10_000, () => id !== undefined && !isAlive(id));
});

it('a server that comes to no end with a damaged file is not waited for, and told with the stream', async () => {
  const made = await startNatsServer();
  const nc = await connect({ servers: made.url });
  const { streams } = await jetstreamManager(nc);
  await streams.add({ name: 'numbers', subjects: ['numbers'] });
  for (let at = 0; at < 20; at++) await jetstream(nc).publish('numbers', new Uint8Array(500));
  await nc.close();
  await made.restart(); // in order
  await made.kill9();
  cpSync(made.storeDir, paths.natsStore, { recursive: true });
  await made.stop();
  const block = join(paths.natsStore, 'jetstream', '$G', 'streams', 'numbers', 'msgs', '1.blk');
  const bytes = readFileSync(block);
  const second = bytes.readUInt32LE(0);
  const SEQUENCE_AT = 8;
  bytes.writeUInt8(255 - bytes.readUInt8(second + SEQUENCE_AT), second + SEQUENCE_AT);
  writeFileSync(block, bytes);

  await takeLock(paths, { as: 'reading' });
  await expect(serveStoppedCluster(paths, 5_000)).rejects.toThrow(
    /nats-server has not finished reading the files of numbers after 5 s: they are damaged; restore their folder below .* from a copy, or move it away and lose its contents$/,
  );
  const id = serverIn('up.json');
  expect(id !== undefined && isAlive(id)).toBe(false);
  releaseLock(paths);
});
