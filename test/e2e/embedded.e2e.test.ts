import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { homePaths } from '../../ops/boot/home/home.ts';
import { launcher, projectRoot } from '../../ops/boot/home/project-root.ts';
import { seedFile } from '../../ops/boot/users/users.ts';
import { connectClient } from '../../ops/client/connect.ts';
import { startNatsServer, type TestNatsServer } from '../support/nats-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { podRuns } from '../support/workloads.ts';

/*
 * Goal: a service of somebody's own hosts an actor of its own and one of Troupe's, as ops/docs/embedding.md shows it, and what
 * they did is played back.
 * Method: the example as it is, on a nats-server that has the printed permissions; a master that leaves the scheduler to it.
 */
const EXAMPLE = join(projectRoot, 'ops', 'examples', 'embedded');
const ACTORS = join(EXAMPLE, 'actors.mjs');

let home: string;
let server: TestNatsServer | undefined;
const running: ChildProcess[] = [];
const output: string[] = [];

afterEach(async () => {
  for (const child of running.splice(0).reverse()) await end(child);
  await server?.stop();
  rmSync(home, { recursive: true, force: true });
});

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

async function end(child: ChildProcess): Promise<number | null> {
  child.kill('SIGTERM');
  return exitOf(child);
}

const env = (user?: string) => ({
  ...process.env,
  TROUPE_HOME: home,
  TROUPE_RUNTIME: 'simulated',
  ...(user === undefined || server === undefined
    ? {}
    : { TROUPE_URL: server.url, TROUPE_USER: user, TROUPE_NKEY: seedFile(homePaths(home), user) }),
});

async function typed(args: readonly string[], user?: string) {
  const child = spawn(process.execPath, [launcher, ...args], { env: env(user), stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, told] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  child.stderr.on('data', (data: Buffer) => (told += data.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, said, told };
}

function start(user: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { env: env(user), stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => output.push(data.toString()));
  running.push(child);
  return child;
}

const service = (user: string): ChildProcess => start(user, join(EXAMPLE, 'service.mjs'));
const said = (): string => output.join('');

it('the example of a service hosts its own actor and the scheduler, and replays', async () => {
  home = mkdtempSync(join(tmpdir(), 'troupe-embedded-'));
  await typed(['permissions', '--node', 'far']);
  const added = await typed(['user', 'add', 'shop', '--actors', ACTORS]);
  expect(added.said).toMatch(/^user shop may host team-labels, scheduler\ncredentials /);
  server = await startNatsServer({ config: (await typed(['permissions'])).said });

  start('master', launcher, 'master', '--without', 'scheduler');
  start('node-far', launcher, 'worker', '--node', 'far');
  const client = await connectClient({
    home,
    url: server.url,
    user: 'operator',
    nkey: seedFile(homePaths(home), 'operator'),
  });
  try {
    await waitUntil('the master is ready', 30_000, () => /master \S+ is ready/.test(said()));
    expect(await exitOf(service('operator'))).toBe(1);
    expect(said()).toContain('service: host team-labels, scheduler: user operator may not, ');
    expect(said()).toContain('make a user for these actors with "troupe user add <name> --actors <file>"');

    const refusals = server.log().length;
    const hosting = service('shop');
    await waitUntil('the service hosts', 20_000, () => / hosts team-labels, scheduler\n/.test(said()));
    await client.create('namespaces', undefined, { metadata: { name: 'shop', labels: { team: 'blue' } } });
    await client.create('pods', 'shop', {
      metadata: { name: 'first' },
      spec: { containers: [{ name: 'main', image: 'any' }] },
    });
    expect((await podRuns(client, 'first', 'shop')).spec?.nodeName).toBe('far');
    await waitUntil('the pod has the label of its namespace', 10_000, async () => {
      const { metadata } = await client.get<Pod>('pods', { namespace: 'shop', name: 'first' });
      return metadata?.labels?.['team'] === 'blue';
    });
    const other = service('shop');
    await waitUntil('a second one hosts', 20_000, () => said().match(/ hosts team-labels, scheduler\n/g)?.length === 2);
    expect((await typed(['status'], 'operator')).said).toMatch(/^Actors .*\bscheduler\b.*\bteam-labels\b/m);
    expect(await end(hosting)).toBe(0);
    await client.create('pods', 'shop', {
      metadata: { name: 'second' },
      spec: { containers: [{ name: 'main', image: 'any' }] },
    });
    await podRuns(client, 'second', 'shop');
    expect(await end(other)).toBe(0);
    expect(server.log().slice(refusals)).not.toMatch(/permissions? violation/i);
  } finally {
    await client.close();
  }

  const known = await typed(['replay', '--check', '--actors', ACTORS], 'operator');
  expect(known.told).toBe('');
  for (const actor of ['team-labels', 'scheduler', 'api-server'])
    expect(known.said).toMatch(new RegExp(`\\n${actor} +\\S+ +\\S+ \\S+ +\\d+ +same\\n`));
  expect((await typed(['replay', 'team-labels'], 'operator')).told).toMatch(/name its module: --actors <file>\n$/);

  const file = join(home, 'exported.troupe');
  await typed(['record', 'export', '-o', file], 'operator');
  const exported = await typed(['replay', file, '--actors', ACTORS]);
  expect(exported.said.match(/\nteam-labels\/\S+ +\S+ \S+ +\d+ +same/g)).toHaveLength(2);

  const changed = join(home, 'changed.mjs');
  const here = pathToFileURL(join(projectRoot, 'dist', 'ops', 'embed', 'index.js')).href;
  const text = readFileSync(ACTORS, 'utf8').replace("'troupe'", JSON.stringify(here));
  writeFileSync(changed, text.replace('labels: { team }', 'labels: { team, new: "yes" }'));
  const differs = await typed(['replay', 'team-labels', '--actors', changed], 'operator');
  expect(differs.said).toMatch(/\+ .*new/);
  expect(differs.said).toMatch(/step through it there: troupe replay team-labels .*--actors \S+changed\.mjs /);
  expect(differs.code).toBe(1);
}, 120_000);
