import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GRACE_MS_MAX } from '../../contracts/runtime/ops.ts';
import { DockerRuntime } from './docker-runtime.ts';
import { LABEL } from './labels.ts';

/** Goal: an engine that goes away and comes back costs hints, never the adapter. Method: an engine of our own that only speaks events. */
let folder: string;
let socketPath: string;
let streams: ServerResponse[];
let server: Server | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'troupe-engine-'));
  socketPath = join(folder, 'engine.sock');
  streams = [];
});
afterEach(async () => {
  await stop();
  await rm(folder, { recursive: true });
});
const start = (): Promise<void> => {
  const made = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    streams.push(response);
  });
  server = made;
  return new Promise((resolve) => made.listen(socketPath, resolve));
};
const stop = async (): Promise<void> => {
  const running = server;
  server = undefined;
  running?.closeAllConnections();
  if (running !== undefined) await new Promise<void>((resolve) => void running.close(() => resolve()));
};
const event = (podUid: string): string =>
  `${JSON.stringify({ Action: 'die', Actor: { ID: 'c', Attributes: { [LABEL.podUid]: podUid } } })}\n`;

it('refuses with ServiceUnavailable while there is no engine', async () => {
  const runtime = new DockerRuntime({ node: 'n', socketPath });
  await expect(runtime.list()).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  await expect(runtime.imageStatus('i')).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  await expect(runtime.removeContainer('c')).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  await expect(
    runtime.runPodSandbox({ pod: { uid: 'u', namespace: 'n', name: 'p' }, attempt: 0 }),
  ).rejects.toMatchObject({
    reason: 'ServiceUnavailable',
  });
  await runtime.close();
});

it('waits for a container as long as it may take to stop, however long that is', async () => {
  await start();
  const runtime = new DockerRuntime({ node: 'n', socketPath });
  let stopped = false;
  const stopping = runtime.stopContainer('c', GRACE_MS_MAX).then(() => void (stopped = true));
  await vi.waitFor(() => expect(streams).toHaveLength(1), { timeout: 5_000 });
  expect(stopped).toBe(false);
  streams[0]?.end();
  await stopping;
  await runtime.close();
});

it('hears the engine again after it was away, and says that anything may have changed', async () => {
  const hints: (string | undefined)[] = [];
  const runtime = new DockerRuntime({ node: 'n', socketPath });
  runtime.watch(({ podUid }) => hints.push(podUid));
  await start();
  await vi.waitFor(() => expect(hints).toEqual([undefined]), { timeout: 5_000 });
  streams.at(-1)?.write(event('a').slice(0, 20));
  streams.at(-1)?.write(`${event('a').slice(20)}not json\n${event('b')}`);
  await vi.waitFor(() => expect(hints).toEqual([undefined, 'a', 'b']), { timeout: 5_000 });
  await stop();
  await start();
  await vi.waitFor(() => expect(hints).toEqual([undefined, 'a', 'b', undefined]), { timeout: 10_000 });
  streams.at(-1)?.write(event('c'));
  await vi.waitFor(() => expect(hints.at(-1)).toBe('c'), { timeout: 5_000 });
  await runtime.close();
});
