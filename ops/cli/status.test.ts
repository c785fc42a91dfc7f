import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { run } from '../../test/support/command-line.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { type RunningRole, runMaster } from '../boot/master.ts';
import { controlPlane, roster } from '../boot/roster.ts';
import { addTenant } from '../boot/tenants.ts';
import { up } from '../boot/up.ts';
import type { ClusterStatus } from './plan-status.ts';

/* Goal: `troupe status` is worth its exit code. Method: real masters of which some lack actors, and a tenant of a real cluster. */

const ends: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const end of ends.splice(0).toReversed()) await end();
});

const statusNow = async (): Promise<ClusterStatus> =>
  JSON.parse((await run('status', '-o', 'json')).out) as ClusterStatus;

it('names what a control plane lacks, and asks for no more than one of what has a standby', {
  timeout: 60_000,
}, async () => {
  const server = await startNatsServer();
  ends.push(() => server.stop());
  vi.stubEnv('TROUPE_URL', server.url);
  vi.stubEnv('TROUPE_USER', 'operator');
  const clusterKeyBytes = randomBytes(32);
  const master = async (instance: string, singletons: boolean): Promise<RunningRole> => {
    const role = { url: server.url, prefix: 'troupe', user: 'master', record: false, log: () => undefined };
    const running = await runMaster({ ...role, instance, clusterKeyBytes, singletons });
    ends.push(() => running.stop());
    return running;
  };
  await master('m1', false);
  const { code, out } = await run('status');
  expect(code).toBe(1);
  const lacking = controlPlane.filter((name) => name !== 'api-server' && name !== 'store');
  expect(out).toContain(`Problem       ${lacking.join(', ')} do not answer; `);
  await Promise.all([master('m2', true), master('m3', true)]);
  const status = await waitUntil('every actor answers', 20_000, async () => {
    const { problems, ...rest } = await statusNow();
    const lacks = problems.filter((problem) => !problem.startsWith('no node has joined'));
    return lacks.length === 0 && rest.actors?.['api-server'] === 3 && rest; // no problem if one of three is late to answer
  });
  expect(status.actors).toMatchObject({ scheduler: 1, dispatcher: 1, deployment: 1 });
});

it('shows a tenant what is theirs', { timeout: 60_000 }, async () => {
  const home = mkdtempSync(join(tmpdir(), 'troupe-status-'));
  ends.push(() => rmSync(home, { recursive: true }));
  vi.stubEnv('TROUPE_HOME', home);
  vi.stubEnv('TROUPE_RUNTIME', 'simulated');
  const cluster = await up({ home, port: 0, roster, say: () => undefined });
  ends.push(() => cluster.stop());
  await waitUntil('all is well', 20_000, async () => (await statusNow()).healthy);
  const { seedFile } = await addTenant('carol', ['team-a', 'team-b'], roster, home);
  vi.stubEnv('TROUPE_USER', 'carol');
  const own = await run('status');
  expect(own).toMatchObject({ code: 0, err: '' });
  expect(own.out).toMatch(/ as carol\nNamespace +team-a\nDeployments +none\nPods +none\n$/);
  expect((await run('status', '-n', 'team-b')).out).toMatch(/\nNamespace +team-b\n/);
  expect(await run('status', '-n', 'other')).toEqual({
    code: 1,
    out: '',
    err: 'troupe status: carol may not see namespace "other"; name one of yours with -n, or be another user\n',
  });
  // On another machine nothing tells what is hers.
  vi.stubEnv('TROUPE_HOME', join(home, 'elsewhere'));
  vi.stubEnv('TROUPE_URL', cluster.cluster.url);
  vi.stubEnv('TROUPE_NKEY', seedFile);
  expect(await run('status')).toEqual({
    code: 1,
    out: '',
    err: 'troupe status: carol may not see the whole cluster; name a namespace of yours with -n, or be another user\n',
  });
});
