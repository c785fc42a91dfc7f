import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { prepareHome } from '../../boot/home/cluster.ts';
import { homePaths } from '../../boot/home/home.ts';
import { launcher } from '../../boot/home/project-root.ts';

/** What tells this build from another one of the same version. */
const BUILT = String.raw`\d+\.\d+\.\d+\+[0-9a-f]{10}`;

it('version tells builds of one version apart', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [launcher, 'version', '--client']);
  expect(stdout).toMatch(new RegExp(`^troupe ${BUILT} \\(node `));
});

it('a master that is told to end while its nats-server is away ends all the same', async () => {
  const server = await startNatsServer();
  const home = mkdtempSync(join(tmpdir(), 'troupe-roles-'));
  prepareHome(homePaths(home));
  const master = spawn(process.execPath, [launcher, 'master'], {
    env: { ...process.env, TROUPE_HOME: home, TROUPE_URL: server.url },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const code = once(master, 'exit').then(([exit]: unknown[]) => exit);
  let wrote = '';
  master.stderr.on('data', (data: Buffer) => (wrote += data));
  try {
    await waitUntil('it is ready', 30_000, () => wrote.includes('is ready'));
    expect(wrote).toMatch(new RegExp(`master \\S+ is ready, build ${BUILT}$`, 'm'));
    await server.kill9();
    await waitUntil('it knows', 10_000, () => wrote.includes('disconnected: '));
    master.kill('SIGTERM');
    expect(await code).toBe(0);
    expect(wrote).toContain(
      'stopped without notifying nats-server, which does not answer; the leases of this process expire',
    );
  } finally {
    master.kill('SIGKILL');
    rmSync(home, { recursive: true });
  }
}, 60_000);
