import { appendFileSync } from 'node:fs';
const out = (...a: unknown[]) => appendFileSync('/tmp/kt.log', a.map(String).join(' ') + String.fromCharCode(10));
import { connect, type NatsConnection } from 'nats';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { encodeMsgpack } from '../../contracts/codec/codec.ts';
import { statusError } from '../../contracts/errors/status.ts';
import type { KubeObject, Pod } from '../../contracts/kinds/kinds.ts';
import { dispatchDigest } from '../../contracts/messages/dispatch-digest.ts';
import type { DispatchAnswer, NodePods } from '../../contracts/messages/node.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { DockerRuntime } from '../../runtime-adapters/docker/docker-runtime.ts';
import { docker, testImage } from '../../test/support/docker.ts';
import { startNatsServer, type TestNatsServer } from '../../test/support/nats-server.ts';
import { calls, defineDriver } from '../kernel/declare.ts';
import { Host } from '../kernel/nats-host.ts';
import { runtimeDriver } from '../runtime/runtime-driver.ts';
import { kubelet } from './kubelet.ts';

const WAIT = { timeout: 20_000, interval: 20 };

class Trial extends DockerRuntime {
  override async info() {
    return {
      runtime: 'docker',
      version: '20',
      operatingSystem: 'linux',
      osImage: 'd',
      kernelVersion: '6',
      architecture: 'amd64',
      cpuMillis: 2000,
      memoryBytes: 4e9,
    };
  }
}
let server: TestNatsServer;
let connections: NatsConnection[] = [];
let hosts: Host[] = [];

const pods = new Map<string, Pod>();
const asked: string[] = [];
let version = 0;
let counter = 0;

/** Stands where the api-server and the dispatcher stand: keeps pods, and tells the node of every change. */
const plane = (connection: NatsConnection) => {
  const tell = (changed: readonly Pod[], removed: NodePods['removed']): void => {
    const body: NodePods = { epoch: 1, counter: ++counter, changed: changed.map((pod) => ({ pod })), removed };
    connection.publish('troupe.node.n1.pods', encodeMsgpack(body));
  };
  const put = (pod: Pod): Pod => {
    const stored = { ...pod, metadata: { ...pod.metadata, resourceVersion: String(++version) } };
    pods.set(pod.metadata?.name ?? '', stored);
    tell([stored], []);
    return stored;
  };
  const driver = defineDriver({
    name: 'plane',
    hears: { api: calls(SUBJECTS.api), dispatch: calls(SUBJECTS.dispatch) },
    says: {},
    run: async () => ({
      handlers: {
        api: (call) => {
          const { verb, resource, name } = call.tokens ?? { verb: '', resource: '', name: '' };
          if (resource !== 'pods/status' && resource !== 'pods') return call.decode() ?? {};
          asked.push(`${verb} ${resource}`);
          const pod = pods.get(name);
          if (pod === undefined) throw statusError('NotFound', `pods "${name}" not found`);
          if (verb === 'delete') {
            pods.delete(name);
            tell([], [{ uid: pod.metadata?.uid ?? '', namespace: 'd', name }]);
            return pod;
          }
          const patch = call.decode() as KubeObject;
          if (patch.metadata?.resourceVersion !== pod.metadata?.resourceVersion)
            throw statusError('Conflict', `pods "${name}": changed meanwhile`);
          return put({ ...pod, status: { ...pod.status, ...(patch as Pod).status } });
        },
        dispatch: (): DispatchAnswer => {
          const held = [...pods.values()].map((pod) => ({ pod }));
          return { epoch: 1, counter, digest: dispatchDigest(held), pods: held };
        },
      },
    }),
  });
  return { driver, put };
};

async function hostOf(instance: string): Promise<{ host: Host; connection: NatsConnection }> {
  const connection = await connect({ servers: server.url });
  const name = { prefix: 'troupe', caller: 'node', inboxPrefix: `_INBOX_${instance}`, build: 'test' };
  const host = new Host({ connection, instance, ...name, log: (line) => out('LOG', line) });
  connections.push(connection);
  hosts.push(host);
  return { host, connection };
}
async function worker(instance: string): Promise<Host> {
  const { host, connection } = await hostOf(instance);
  await host.startDriver(runtimeDriver({ node: 'n1', adapter: new Trial({ node: 'kubelet-trial-n1' }) }));
  await host.start(kubelet({ node: 'n1', ip: '192.168.0.1', version: 'v1.36.0' }));
  await connection.flush();
  return host;
}
const podOf = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { uid: `uid-${name}`, namespace: 'd', name },
  spec: {
    nodeName: 'n1',
    restartPolicy: 'Always',
    containers: [{ name: 'web', image: 'troupe-test/shell:1', command: ['sleep', '1000'] }],
  },
});
const running = (): number => [...pods.values()].filter(({ status }) => status?.phase === 'Running').length;
const ids = (): string[] =>
  [...pods.values()].flatMap(({ status }) => status?.containerStatuses?.[0]?.containerID ?? []);

beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  pods.clear();
  asked.length = 0;
  counter = 0;
  await testImage();
});
afterEach(async () => {
  for (const host of hosts) await host.stop();
  for (const connection of connections) await connection.close();
  hosts = [];
  connections = [];
});

it('docker', { timeout: 120_000 }, async () => {
  const { host, connection } = await hostOf('plane');
  const { driver, put } = plane(connection);
  await host.startDriver(driver);
  const first = await worker('one');
  const t0 = Date.now();
  setTimeout(() => out('STATUS', JSON.stringify(pods.get('p0'))), 8000);
  for (let at = 0; at < 20; at++) put(podOf(`p${at}`));
  await vi.waitFor(() => expect(running()).toBe(20), { timeout: 40_000, interval: 20 });
  out('20 running after', Date.now() - t0, asked.length, 'writes', JSON.stringify(pods.get('p3')?.status));
  const before = ids();
  await first.stop();
  asked.length = 0;
  await worker('two');
  await new Promise((r) => setTimeout(r, 2000));
  out('after adoption', asked);
  expect(ids()).toEqual(before);
  const id = (before[0] ?? '').split('//')[1] ?? '';
  const t1 = Date.now();
  await docker.getContainer(id).kill();
  await vi.waitFor(() => expect(pods.get('p0')?.status?.containerStatuses?.[0]?.restartCount).toBe(1), {
    timeout: 20_000,
    interval: 20,
  });
  out('restarted after', Date.now() - t1, JSON.stringify(pods.get('p0')?.status?.containerStatuses));
  const t2 = Date.now();
  for (const [name, now] of [...pods])
    put({
      ...now,
      metadata: { ...now.metadata, name, deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 1 },
    });
  await vi.waitFor(() => expect(pods.size).toBe(0), { timeout: 60_000, interval: 20 });
  out('deleted after', Date.now() - t2);
  await vi.waitFor(
    async () => {
      expect(await new DockerRuntime({ node: 'kubelet-trial-n1' }).list()).toEqual({ sandboxes: [], containers: [] });
    },
    { timeout: 60_000, interval: 200 },
  );
  out('cleaned after', Date.now() - t2);
});
