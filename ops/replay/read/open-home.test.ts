import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { run } from '../../../test/support/command-line.ts';
import { OPERATOR, prepareHome, writeCluster } from '../../boot/home/cluster.ts';
import { homePaths } from '../../boot/home/home.ts';
import { writeNatsConfig } from '../../boot/nats/nats-users.ts';
import { declaredActors } from '../../boot/roles/hosted-actors.ts';
import { writeUser } from '../../boot/users/users.ts';
import { openHome } from './open-home.ts';

/* Goal: a home is read where it lies, wherever it was made. Method: a real nats-server on homes that were moved and copied. */

let folder: string;
let home: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'troupe homes '));
  home = join(folder, 'made here');
  const paths = homePaths(home);
  prepareHome(paths);
  const cluster = writeCluster(paths, { port: 4222, node: 'n1' });
  writeUser(paths, { name: OPERATOR, profile: 'operator' });
  writeNatsConfig(paths, cluster, declaredActors);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it('a home that was moved is read where it is now, and nothing is made where it was', async () => {
  const moved = join(folder, 'moved "$& away');
  renameSync(home, moved);
  const opened = await openHome(moved);
  await opened.close();
  expect(existsSync(home)).toBe(false);
  expect(existsSync(join(homePaths(moved).natsStore, 'jetstream'))).toBe(true);
});

it('of a home that was copied the copy is read, and the other left alone', async () => {
  const copy = join(folder, 'copy');
  cpSync(home, copy, { recursive: true });
  const written = readFileSync(homePaths(home).natsConfig, 'utf8');
  const opened = await openHome(copy);
  await opened.close();
  expect(existsSync(join(homePaths(home).natsStore, 'jetstream'))).toBe(false);
  expect(readFileSync(homePaths(home).natsConfig, 'utf8')).toBe(written);
});

it('a home whose store is gone is no defect of ours', async () => {
  vi.stubEnv('TROUPE_HOME', home);
  const remedy =
    /made here\/nats\/store holds no stream troupe-journal, .*; restore it from a backup, or start the cluster with "troupe up"\n$/;
  for (const args of [
    ['record', 'ls'],
    ['replay', '--check'],
    ['replay', 'scheduler'],
  ])
    expect(await run(...args), args.join(' ')).toMatchObject({ err: expect.stringMatching(remedy) as string });
});

it('a home that lacks its key is read all the same, and that is said', async () => {
  vi.stubEnv('TROUPE_HOME', home);
  rmSync(homePaths(home).clusterKey);
  const read =
    /cluster\.key is missing, so turns with secret data are not played; give --key cluster\.key, .* first master\n.*holds no stream troupe-journal/;
  for (const args of [
    ['replay', '--check'],
    ['replay', 'scheduler'],
  ])
    expect(await run(...args), args.join(' ')).toMatchObject({ err: expect.stringMatching(read) as string });
});
