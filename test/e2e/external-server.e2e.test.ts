import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { homePaths } from '../../ops/boot/home.ts';
import { launcher } from '../../ops/boot/root.ts';
import { seedFile } from '../../ops/boot/users.ts';
import { connectClient } from '../../ops/client/connect.ts';
import { startNatsServer, type TestNatsServer } from '../support/nats-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { podRuns } from '../support/workloads.ts';

/*
 * Goal: a cluster runs on a nats-server that is not Troupe's.
 * Method: what `troupe permissions` prints is put into the configuration of one; `troupe master` and `troupe worker` join it
 * as processes of their own, with the seeds alone, and a pod comes to run.
 */
let home: string;
let server: TestNatsServer | undefined;
const running: ChildProcess[] = [];
const output: string[] = [];

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null) continue;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  }
  await server?.stop();
  rmSync(home, { recursive: true, force: true });
});

const env = (more: Record<string, string> = {}) => ({
  ...process.env,
  TROUPE_HOME: home,
  TROUPE_RUNTIME: 'simulated',
  ...more,
});

async function troupe(args: readonly string[], more: Record<string, string> = {}): Promise<string> {
  const child = spawn(process.execPath, [launcher, ...args], { env: env(more), stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, told] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  child.stderr.on('data', (data: Buffer) => (told += data.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect(code, told).toBe(0);
  return said;
}

function joinAs(role: 'master' | 'worker', user: string, ...args: readonly string[]): void {
  const as = { TROUPE_URL: server?.url ?? '', TROUPE_USER: user, TROUPE_NKEY: seedFile(homePaths(home), user) };
  const child = spawn(process.execPath, [launcher, role, ...args], { env: env(as), stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => output.push(data.toString()));
  running.push(child);
}

it.each([
  { how: 'as its only users', args: [] },
  { how: 'in an account of its own', args: ['--account', 'TROUPE'] },
])(
  'what permissions prints lets a master and a worker join a server of somebody else, $how',
  async ({ args }) => {
    home = mkdtempSync(join(tmpdir(), 'troupe-external-'));
    const config = await troupe(['permissions', '--node', 'far', ...args]);
    for (const user of ['master', 'operator', 'node-far']) {
      expect(config).toContain(`# ${user}\n`);
      expect(config).not.toContain(readFileSync(seedFile(homePaths(home), user), 'utf8').trim());
    }
    expect(await troupe(['permissions', ...args])).toBe(config); // keys stay

    server = await startNatsServer({ config });
    joinAs('master', 'master');
    joinAs('worker', 'node-far', '--node', 'far');
    const client = await connectClient({
      home,
      url: server.url,
      user: 'operator',
      nkey: seedFile(homePaths(home), 'operator'),
    });
    try {
      await waitUntil('an api-server answers', 30_000, () =>
        client.get('namespaces', { name: 'default' }).then(
          () => true,
          () => false,
        ),
      );
      await client.create('pods', 'default', {
        metadata: { name: 'first' },
        spec: { containers: [{ name: 'main', image: 'any' }] },
      });
      const pod = await podRuns(client, 'first');
      expect(pod.spec?.nodeName).toBe('far');
      expect(output.join('')).not.toMatch(/permissions violation/i);
      expect(server.log()).not.toMatch(/permissions? violation/i);
    } finally {
      await client.close();
    }
  },
  120_000,
);
