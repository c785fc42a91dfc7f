import { connect, type NatsConnection } from 'nats';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { encodeMsgpack } from '../../contracts/codec/codec.ts';
import { statusError } from '../../contracts/errors/status.ts';
import type { KubeObject, Pod } from '../../contracts/kinds/kinds.ts';
import { dispatchDigest } from '../../contracts/messages/dispatch-digest.ts';
import type { DispatchAnswer, NodePods } from '../../contracts/messages/node.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { SimulatedEngine } from '../../runtime-adapters/simulated/simulated-engine.ts';
import { startNatsServer, type TestNatsServer } from '../../test/support/nats-server.ts';
import { testHost } from '../../test/support/test-host.ts';
import { calls, defineDriver } from '../kernel/declare.ts';
import type { Host } from '../kernel/nats/nats-host.ts';
import { runtimeDriver } from '../runtime/runtime-driver.ts';
import { kubelet } from './kubelet.ts';

const WAIT = { timeout: 20_000, interval: 20 };

let server: TestNatsServer;
let connections: NatsConnection[] = [];
let hosts: Host[] = [];
let engine: SimulatedEngine;
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
  const host = testHost({ connection, instance, caller: 'node' });
  connections.push(connection);
  hosts.push(host);
  return { host, connection };
}
async function worker(instance: string): Promise<Host> {
  const { host, connection } = await hostOf(instance);
  await host.startDriver(runtimeDriver({ node: 'n1', adapter: engine.runtime('n1'), volumes: engine.volumes('n1') }));
  await host.start(kubelet({ node: 'n1', ip: '192.168.0.1', version: 'v1.36.0' }));
  await connection.flush();
  return host;
}
const podOf = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { uid: `uid-${name}`, namespace: 'd', name },
  spec: { nodeName: 'n1', restartPolicy: 'Always', containers: [{ name: 'web', image: 'web:1' }] },
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
beforeEach(() => {
  pods.clear();
  asked.length = 0;
  counter = 0;
  engine = new SimulatedEngine({ images: { 'web:1': { present: true } }, latencyMs: { startContainer: 5 } });
});
afterEach(async () => {
  for (const host of hosts) await host.stop();
  for (const connection of connections) await connection.close();
  hosts = [];
  connections = [];
});

it('runs forty pods, each with two or three writes of its status; another kubelet takes them over untouched', async () => {
  const { host, connection } = await hostOf('plane');
  const { driver, put } = plane(connection);
  await host.startDriver(driver);
  const first = await worker('one');
  for (let at = 0; at < 40; at++) put(podOf(`p${at}`));
  await vi.waitFor(() => expect(running()).toBe(40), WAIT);
  expect(asked.filter((each) => each === 'patch pods/status').length).toBeLessThanOrEqual(3 * 40); // the second of a sandbox that was seen without its container

  const before = ids();
  await first.stop();
  asked.length = 0;
  await worker('two');
  put(podOf('late'));
  await vi.waitFor(() => expect(running()).toBe(41), WAIT);
  expect(ids().slice(0, 40)).toEqual(before);
});

it('lets a deleted pod go, and removes all of it', async () => {
  const { host, connection } = await hostOf('plane');
  const { driver, put } = plane(connection);
  await host.startDriver(driver);
  await worker('one');
  const pod = put(podOf('p'));
  await vi.waitFor(() => expect(running()).toBe(1), WAIT);
  const now = pods.get('p');
  put({
    ...now,
    metadata: { ...now?.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 1 },
  });
  await vi.waitFor(() => expect(pods.size).toBe(0), WAIT);
  await vi.waitFor(async () => {
    expect(await engine.runtime('n1').list({ podUid: pod.metadata?.uid ?? '' })).toEqual({
      sandboxes: [],
      containers: [],
    });
  }, WAIT);
});
