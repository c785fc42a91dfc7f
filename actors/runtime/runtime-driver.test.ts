import { connect, type NatsConnection } from 'nats';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { decodeMsgpack, encodeMsgpack } from '../../contracts/codec/codec.ts';
import { statusError } from '../../contracts/errors/status.ts';
import type { LogLines } from '../../contracts/messages/logs.ts';
import type { ContainerConfig } from '../../contracts/runtime/config.ts';
import type { RuntimeOp, RuntimeOps } from '../../contracts/runtime/ops.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { SimulatedEngine } from '../../runtime-adapters/simulated/simulated-engine.ts';
import type { SimulatedConfig } from '../../runtime-adapters/simulated/simulation-config.ts';
import { startNatsServer, type TestNatsServer } from '../../test/support/nats-server.ts';
import { testHost } from '../../test/support/test-host.ts';
import { calls, defineDriver } from '../kernel/declare.ts';
import type { Host, Running } from '../kernel/nats/nats-host.ts';
import { runtimeDriver } from './runtime-driver.ts';

const NODE = 'node.1';
const pod = { uid: 'u1', namespace: 'team', name: 'web' };
const SECRET = { data: { password: Buffer.from('geheim').toString('base64') } };
const WAIT = { timeout: 5_000, interval: 10 };

let server: TestNatsServer;
let client: NatsConnection;
let hosted: NatsConnection;
let host: Host;
let serving: Running;
let engine: SimulatedEngine;
let asked: string[];
const environments: Record<string, string>[] = [];

const CONFIG: SimulatedConfig = {
  images: {
    app: {
      present: true,
      run: (_argv, env) => {
        environments.push(env);
        const output = Array.from({ length: 20 }, (_, n) => ({ atMs: n * 10, text: `line ${n}` }));
        return { output, exitAfterMs: 1_000 }; // it must still run when its output is asked for
      },
    },
    idle: { present: true, run: { output: [{ atMs: 0, text: 'ready' }] } },
  },
  otherImages: false,
};
/** Stands where the api-server stands. */
const secrets = defineDriver({
  name: 'api-server',
  hears: { api: calls(SUBJECTS.api) },
  says: {},
  run: async () => ({
    handlers: {
      api: ({ tokens }) => {
        asked.push(`${tokens?.verb} ${tokens?.resource} ${tokens?.namespace}/${tokens?.name}`);
        if (tokens?.name === 'db') return SECRET;
        if (tokens?.name === 'theirs') throw statusError('Forbidden', 'secrets "theirs" is forbidden');
        if (tokens?.name === 'slow') throw statusError('Timeout', 'the store did not answer');
        throw statusError('NotFound', `secrets "${tokens?.name}" not found`);
      },
    },
  }),
});

beforeAll(async () => {
  server = await startNatsServer();
  client = await connect({ servers: server.url });
});
afterAll(async () => {
  await client.close();
  await server.stop();
});
beforeEach(async () => {
  asked = [];
  engine = new SimulatedEngine(CONFIG);
  hosted = await connect({ servers: server.url });
  host = testHost({ connection: hosted, caller: 'node' });
  await host.startDriver(secrets);
  serving = await serve(30_000);
});
afterEach(async () => {
  await host.stop();
  await hosted.close();
});

const serve = (logLeaseMs: number): Promise<Running> =>
  host.startDriver(
    runtimeDriver({ node: NODE, adapter: engine.runtime(NODE), volumes: engine.volumes(NODE), logLeaseMs }),
  );
async function ask<K extends RuntimeOp>(op: K, body: RuntimeOps[K][0]): Promise<RuntimeOps[K][1]> {
  const reply = await client.request(`troupe.runtime.node=2E1.${op}`, encodeMsgpack(body), { timeout: 5_000 });
  return decodeMsgpack(reply.data) as RuntimeOps[K][1];
}
async function run(more: Partial<ContainerConfig> = {}): Promise<string> {
  const { id: sandboxId } = await ask('runPodSandbox', { pod, attempt: 0 });
  const config = { pod, sandboxId, name: 'main', attempt: 0, specHash: 'h', image: 'app', ...more };
  const { containerId } = await ask('createContainer', config);
  await ask('startContainer', { containerId });
  return containerId;
}

it('runs a pod from question to removal', async () => {
  expect(await ask('info', {})).toMatchObject({ runtime: 'simulated' });
  expect(await ask('imageStatus', { image: 'nope' })).toEqual({});
  expect(await ask('imageStatus', { image: 'app' })).toMatchObject({ image: { image: 'app' } });
  const containerId = await run({ image: 'idle' });
  const { sandboxes, containers } = await ask('list', {});
  expect(sandboxes).toMatchObject([{ pod, state: 'ready' }]);
  expect(containers).toMatchObject([{ id: containerId, state: 'running' }]);
  expect(await ask('stopContainer', { containerId, graceMs: 1_000 })).toEqual({});
  expect(await ask('containerStatus', { containerId })).toMatchObject({ state: 'exited', exitCode: 143 });
  const sandboxId = sandboxes[0]?.id ?? '';
  expect(await ask('stopPodSandbox', { sandboxId })).toEqual({});
  expect(await ask('removeContainer', { containerId })).toEqual({});
  expect(await ask('removePodSandbox', { sandboxId })).toEqual({});
  expect(await ask('list', { podUid: pod.uid })).toEqual({ sandboxes: [], containers: [] });
});

it('refuses what it does not know or can not read, and goes on', async () => {
  const raw = async (op: string, body: Uint8Array | string): Promise<unknown> =>
    (await client.request(`troupe.runtime.node=2E1.${op}`, body, { timeout: 5_000 })).json();
  expect(await raw('dance', '{}')).toMatchObject({ kind: 'Status', reason: 'BadRequest' });
  expect(await raw('list.more', '{}')).toMatchObject({ kind: 'Status', reason: 'BadRequest' });
  expect(await raw('runPodSandbox', '{"pod":7}')).toMatchObject({
    reason: 'BadRequest',
    message: expect.stringContaining('pod'),
  });
  expect(await raw('runPodSandbox', '{"pod":')).toMatchObject({ reason: 'BadRequest' });
  expect(await raw('containerStatus', '{"containerId":"none"}')).toMatchObject({ reason: 'NotFound' });
  expect(await raw('pullImage', '{"image":"none"}')).toMatchObject({
    reason: 'NotFound',
    details: { causes: [{ reason: 'ErrImagePull' }] },
  });
  expect(await raw('list', '')).toEqual({ sandboxes: [], containers: [] });
});

it('says that the engine is away', async () => {
  engine.setReachable(NODE, false);
  expect(await ask('list', {})).toMatchObject({ kind: 'Status', reason: 'ServiceUnavailable' });
  engine.setReachable(NODE, true);
  expect(await ask('list', {})).toEqual({ sandboxes: [], containers: [] });
});

it('fetches the secrets that a container names, each once', async () => {
  const db = { namespace: 'team', name: 'db' };
  await run({
    env: [
      { name: 'PASSWORD', secretKeyRef: { ...db, key: 'password' } },
      { name: 'URL', value: 'db://root:$(PASSWORD)@db' },
      { secretRef: db, prefix: 'DB_' },
      { secretRef: { namespace: 'team', name: 'none', optional: true } },
    ],
  });
  expect(asked.toSorted()).toEqual(['get secrets team/db', 'get secrets team/none']);
  expect(environments.at(-1)).toEqual({ PASSWORD: 'geheim', URL: 'db://root:geheim@db', DB_password: 'geheim' });
  const { sandboxes } = await ask('list', {});
  const config = { pod, sandboxId: sandboxes[0]?.id ?? '', name: 'side', attempt: 0, specHash: 'h', image: 'app' };
  const env = [{ name: 'P', secretKeyRef: { namespace: 'team', name: 'none', key: 'k' } }];
  expect(await ask('createContainer', { ...config, env })).toMatchObject({
    kind: 'Status',
    reason: 'Invalid',
    message: 'secret "none" not found',
    details: { causes: [{ reason: 'CreateContainerConfigError' }] },
  });
});

it('tells a secret that it is refused from one that it could not get yet', async () => {
  await run({ image: 'app' });
  const { sandboxes } = await ask('list', {});
  const config = { pod, sandboxId: sandboxes[0]?.id ?? '', name: 'side', attempt: 0, specHash: 'h', image: 'app' };
  const needs = (name: string) => [{ name: 'P', secretKeyRef: { namespace: 'team', name, key: 'k' } }];
  expect(await ask('createContainer', { ...config, env: needs('theirs') })).toMatchObject({
    message: 'secrets "theirs" is forbidden',
    details: { causes: [{ reason: 'CreateContainerConfigError' }] },
  });
  const refused = (await ask('createContainer', { ...config, env: needs('slow') })) as { readonly details?: unknown };
  expect(refused).toMatchObject({ reason: 'Timeout' });
  expect(refused.details).toBeUndefined();
});

it('publishes a hint when a container ends', async () => {
  const hints: unknown[] = [];
  client.subscribe('troupe.runtime-events.node=2E1', {
    callback: (_error, msg) => void hints.push(decodeMsgpack(msg.data)),
  });
  await client.flush();
  const id = await run({ image: 'idle' });
  engine.crash(NODE, id, 1);
  await vi.waitFor(() => expect(hints).toContainEqual({ node: NODE, podUid: 'u1' }), WAIT);
});

it('streams output once, however many follow, from what was answered to the end', async () => {
  const messages: LogLines[] = [];
  client.subscribe('troupe.logs.team.web.main', {
    callback: (_error, msg) => void messages.push(decodeMsgpack(msg.data) as LogLines),
  });
  await client.flush();
  await run();
  const query = { namespace: 'team', pod: 'web', follow: true };
  const [first] = await Promise.all([ask('logs', query), ask('logs', query), ask('logs', query)]);
  const extend = setInterval(() => void ask('logs', query), 100);
  await vi.waitFor(() => expect(messages.at(-1)?.ended).toBe(true), WAIT);
  clearInterval(extend);
  const live = messages.flatMap(({ lines }) => lines);
  const all = [...first.lines, ...live.filter(({ time }) => time > (first.lines.at(-1)?.time ?? ''))];
  expect(all.map(({ text }) => text)).toEqual(Array.from({ length: 20 }, (_, n) => `line ${n}`));
  expect(new Set(live.map(({ text }) => text)).size).toBe(live.length);
  expect(messages.length).toBeLessThan(15);
  expect(await ask('logs', { ...query, tailLines: 1 })).toMatchObject({ lines: [{ text: 'line 19' }], ended: true });
});

it('stops streaming when nobody asks any more', async () => {
  await serving.stop();
  await serve(50);
  const containerId = await run({ image: 'idle' });
  const { onEnd } = engine.node(NODE).containers.get(containerId)!;
  const begins = vi.spyOn(onEnd, 'add');
  await ask('logs', { namespace: 'team', pod: 'web', follow: true });
  await vi.waitFor(() => expect(begins).toHaveBeenCalled(), WAIT);
  await vi.waitFor(() => expect(onEnd.size).toBe(0), WAIT);
});
