import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { homePaths } from '../../ops/boot/home/home.ts';
import { launcher } from '../../ops/boot/home/project-root.ts';
import { seedFile } from '../../ops/boot/users/users.ts';
import { connectClient } from '../../ops/client/connect.ts';
import { startNatsServer, type TestNatsServer } from '../support/nats-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { podRuns } from '../support/workloads.ts';

/*
 * Goal: a cluster runs on a nats-server that is not Troupe's, and what it recorded is played from there.
 * Method: what `troupe permissions` prints is put into the configuration of one; `troupe master` and `troupe worker` join it
 * as processes of their own, with the seeds alone, and a pod comes to run. An operator plays its recordings with the key, and
 * from a machine that has none.
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

async function typed(args: readonly string[], more: Record<string, string> = {}) {
  const child = spawn(process.execPath, [launcher, ...args], { env: env(more), stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, told] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  child.stderr.on('data', (data: Buffer) => (told += data.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, said, told };
}

async function troupe(args: readonly string[], more: Record<string, string> = {}): Promise<string> {
  const { code, said, told } = await typed(args, more);
  expect(code, `${told}\n${said}`).toBe(0);
  return said;
}

const asUser = (user: string) => ({
  TROUPE_URL: server?.url ?? '',
  TROUPE_USER: user,
  TROUPE_NKEY: seedFile(homePaths(home), user),
});

function joinAs(role: 'master' | 'worker', user: string, ...args: readonly string[]): void {
  const child = spawn(process.execPath, [launcher, role, ...args], {
    env: env(asUser(user)),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
      await client.create('secrets', 'default', {
        metadata: { name: 'password' },
        stringData: { word: 'not to be seen' },
      });
      await client.create('pods', 'default', {
        metadata: { name: 'first' },
        spec: { containers: [{ name: 'main', image: 'any' }] },
      });
      const pod = await podRuns(client, 'first');
      expect(pod.spec?.nodeName).toBe('far');
      expect(output.join('')).not.toMatch(/permissions violation/i);
      expect(server.log()).not.toMatch(/permissions? violation/i);
      await recordingsAreRead(args);
    } finally {
      await client.close();
    }
  },
  120_000,
);

async function recordingsAreRead(args: readonly string[]): Promise<void> {
  const operator = asUser('operator');
  const list = await troupe(['record', 'ls'], operator);
  for (const actor of ['api-server', 'scheduler', 'kubelet +far']) expect(list).toMatch(new RegExp(`\n${actor} `));
  const checked = await troupe(['replay', '--check'], operator);
  expect(checked).toMatch(/\napi-server +\S+ +\S+ \S+ +\d+ +same\n/);
  expect(checked).toMatch(/\nkubelet +far +\S+ \S+ +\d+ +same\n?/);
  expect(await troupe(['replay', 'scheduler'], operator)).toMatch(/ same\n$/);

  const keyless = { ...operator, TROUPE_HOME: join(home, 'elsewhere') };
  expect(await troupe(['replay', 'api-server'], keyless)).toMatch(/ same \(\d+ turns could not be played\)\n/);
  const { clusterKey } = homePaths(home);
  expect(await troupe(['replay', 'api-server', '--key', clusterKey], keyless)).toMatch(/ same\n$/);
  const wrong = join(home, 'wrong.key');
  writeFileSync(wrong, 'ab'.repeat(32));
  for (const how of [['--check'], ['api-server']]) {
    const { code, told } = await typed(['replay', ...how, '--key', wrong], keyless);
    expect(told).toMatch(/wrong\.key is the key of another cluster and does not open the secret data there; /);
    expect(code).toBe(3);
  }

  const file = join(home, 'exported.troupe');
  await troupe(['record', 'export', '-o', file], keyless);
  expect(readFileSync(file, 'latin1')).not.toContain('not to be seen');
  expect(await troupe(['replay', file, '--key', clusterKey])).toMatch(/api-server\/.* same\n/);

  const { told } = await typed(['user', 'add', 'alice', '--namespace', 'default'], { TROUPE_URL: server?.url ?? '' });
  expect(told).toMatch(
    /^the nats-server at \S+ still has its old configuration: write the output of "troupe permissions" into it /,
  );
  server?.reload(await troupe(['permissions', ...args]));
  const alice = asUser('alice');
  await waitUntil('the server knows her', 10_000, async () =>
    (await typed(['get', 'pods'], alice)).said.includes('first'),
  );
  const refused = await typed(['replay', '--check'], alice);
  expect(refused.told).toMatch(
    / as alice: NATS refuses to publish \$JS\.\S+; an operator has the permission: set TROUPE_USER and /,
  );
  expect(refused.code).toBe(3);
}
