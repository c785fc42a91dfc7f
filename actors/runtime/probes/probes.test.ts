import { createServer as createHttpServer, type Server } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { PodProbesConfig, ProbeConfig, ProbeHandler } from '../../../contracts/runtime/probes.ts';
import { SimulatedEngine } from '../../../runtime-adapters/simulated/simulated-engine.ts';
import { makeProbe } from './make-probe.ts';
import { NodeProbes } from './node-probes.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const HOST = '127.0.0.1';
const config = (handler: ProbeHandler, more: Partial<ProbeConfig> = {}): ProbeConfig => ({
  containerId: 'c',
  kind: 'readiness',
  firstAt: 0,
  periodMs: 20,
  timeoutMs: 2000,
  successThreshold: 1,
  failureThreshold: 1,
  ...handler,
  ...more,
});
/** An adapter whose containers are on a real network. */
const adapter = () =>
  Object.assign(Object.create(new SimulatedEngine().runtime('n1')) as object, { probe: undefined }) as never;
const failure = (handler: ProbeHandler, more?: Partial<ProbeConfig>) => makeProbe(adapter(), config(handler, more));

async function portOf(server: Server | ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, HOST, resolve));
  ends.push(() => server.close());
  return (server.address() as AddressInfo).port;
}
/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await portOf(server);
  await new Promise((resolve) => server.close(resolve));
  ends.pop();
  return port;
}

describe('httpGet', () => {
  const asked: Record<string, unknown>[] = [];
  const serve = () =>
    portOf(
      createHttpServer(({ url = '', headers }, answer) => {
        asked.push({ url, host: headers.host, agent: headers['user-agent'], mine: headers['x-mine'] });
        const [, code = '200'] = /^\/(\d+)/.exec(url) ?? [];
        const to = url === '/302' ? '/500' : 'http://elsewhere.invalid/';
        answer.writeHead(Number(code), url.startsWith('/30') ? { location: to } : {});
        answer.end('body');
      }),
    );
  const http = (port: number, path: string, more = {}): ProbeHandler => ({
    httpGet: { scheme: 'HTTP', host: HOST, port, path, ...more },
  });

  it.each([
    ['/ok', undefined],
    ['/399', undefined],
    ['/404', 'HTTP probe failed with statuscode: 404'],
    ['/302', 'HTTP probe failed with statuscode: 500'],
    ['/301', undefined],
  ])('%s: %s', async (path, is) => {
    expect(await failure(http(await serve(), path))).toBe(is);
  });

  it('sends the given headers', async () => {
    const port = await serve();
    asked.length = 0;
    await failure(
      http(port, 'x?a=b', {
        headers: [
          { name: 'Host', value: 'web' },
          { name: 'X-Mine', value: 'yes' },
        ],
      }),
    );
    expect(asked).toEqual([{ url: '/x?a=b', host: 'web', agent: 'kube-probe/1.33', mine: 'yes' }]);
  });

  it('says what the socket said', async () => {
    const port = await closedPort();
    const words = `Get "http://${HOST}:${port}/": dial tcp ${HOST}:${port}: connect: connection refused`;
    expect(await failure(http(port, '/'))).toBe(words);
  });

  it('ends in time', async () => {
    const port = await portOf(createHttpServer(() => undefined));
    expect(await failure(http(port, '/'), { timeoutMs: 50 })).toMatch(/context deadline exceeded/);
  });
});

it('tcpSocket connects', async () => {
  const [open, closed] = [await portOf(createServer()), await closedPort()];
  expect(await failure({ tcpSocket: { host: HOST, port: open } })).toBeUndefined();
  const words = `dial tcp ${HOST}:${closed}: connect: connection refused`;
  expect(await failure({ tcpSocket: { host: HOST, port: closed } })).toBe(words);
});

it('grpc asks for the health of a service', async () => {
  const server = new GrpcServer();
  const bytes = (value: Buffer): Buffer => value;
  server.addService(
    {
      check: {
        path: '/grpc.health.v1.Health/Check',
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    {
      check: (call: { request: Buffer }, answer: (error: null, body: Buffer) => void) =>
        answer(null, Buffer.from([8, call.request.toString().includes('sick') ? 2 : 1])),
    } as never,
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${HOST}:0`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  ends.push(() => server.forceShutdown());
  const grpc = (service: string, at = port): ProbeHandler => ({ grpc: { host: HOST, port: at, service } });
  expect(await failure(grpc(''))).toBeUndefined();
  expect(await failure(grpc('sick'))).toBe('service unhealthy (responded with "NOT_SERVING")');
  expect(await failure(grpc('', await closedPort()), { timeoutMs: 1000 })).toMatch(/^timeout: /);
});

it('a probe that cannot be made fails with its reason', async () => {
  expect(await failure({ invalid: 'couldn\'t find port: "web" in pod a' })).toBe('couldn\'t find port: "web" in pod a');
});

describe('exec, in a simulated container', () => {
  async function running() {
    const engine = new SimulatedEngine({ images: { app: { present: true } } });
    const runtime = engine.runtime('n1');
    const pod = { uid: 'u', namespace: 'team', name: 'web' };
    const sandbox = await runtime.runPodSandbox({ pod, attempt: 0 });
    const containerId = await runtime.createContainer({
      pod,
      sandboxId: sandbox.id,
      name: 'main',
      attempt: 0,
      specHash: '',
      image: 'app',
    });
    await runtime.startContainer(containerId);
    return { runtime, containerId, pod };
  }
  const exec = (...command: string[]): ProbeHandler => ({ exec: { command } });

  it('succeeds with 0, fails with what the command wrote, and ends in time', async () => {
    const { runtime, containerId } = await running();
    const probe = (handler: ProbeHandler, timeoutMs = 2000) =>
      makeProbe(runtime, config(handler, { containerId, timeoutMs }));
    expect(await probe(exec('echo', 'fine'))).toBeUndefined();
    expect(await probe(exec('sh', '-c', 'exit 3'))).toBe('');
    expect(await probe(exec('sleep', '100'), 50)).toBe('command timed out: "sleep 100" timed out after 0.05s');
  });

  it('loops tell changes of the outcome alone; those that stay the same go on', async () => {
    const { runtime, containerId, pod } = await running();
    const changed: string[] = [];
    let rounds = 0;
    let fails = false;
    const probes = new NodeProbes({
      probe: (one) => {
        rounds += 1;
        return fails ? Promise.resolve('sick') : makeProbe(runtime, one);
      },
      changed: (uid) => void changed.push(uid),
    });
    ends.push(() => probes.stop());
    const one = config(exec('echo'), { containerId, failureThreshold: 3 });
    const wanted = (version: string, ...list: ProbeConfig[]): PodProbesConfig => ({ pod, version, probes: list });
    probes.set(wanted('v1', one));
    await vi.waitFor(() => expect(rounds).toBeGreaterThan(4));
    expect(changed).toEqual(['u']);
    const ok = { containerId, kind: 'readiness', result: 'success' } as const;
    expect(probes.list()).toEqual([{ pod, version: 'v1', outcomes: [ok] }]);
    probes.set(
      wanted('v2', one, config(exec('echo'), { containerId, kind: 'liveness', firstAt: Date.now() + 60_000 })),
    );
    expect(probes.list()).toEqual([{ pod, version: 'v2', outcomes: [ok] }]);
    fails = true;
    await vi.waitFor(() => expect(probes.list()[0]?.outcomes[0]?.result).toBe('failure'));
    expect(changed).toEqual(['u', 'u', 'u']);
    probes.set(wanted(''));
    expect(probes.list()).toEqual([]);
  });
});
