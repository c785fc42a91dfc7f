import { Host } from '../../actors/kernel/nats/nats-host.ts';
import { ScopedView } from '../../actors/kernel/nats/nats-scoped-view.ts';
import { NatsRecorder } from '../../actors/kernel/nats/nats-recorder.ts';
import { inboxPrefix } from '../../contracts/subjects/inbox.ts';
import { nodeUser } from '../../contracts/subjects/users.ts';
import { SimulatedEngine } from '../../runtime-adapters/simulated/simulated-engine.ts';
import { BUILD } from '../boot/home/build.ts';
import { limitHeapGrowth } from '../boot/roles/memory-settings.ts';
import { connectRole } from '../boot/roles/role-connection.ts';
import { roleFromEnv } from '../boot/roles/role-options.ts';
import { hostNode } from '../boot/roles/worker.ts';

/* Hosts real nodes on a simulated engine: a kubelet and a runtime driver each, on one connection. */

/** Nodes that are started at once: each creates its Node object, which should not wait for those of all others. */
const AT_ONCE = 32;

limitHeapGrowth();
const count = Number(process.env['BENCH_NODES'] ?? '1000');
const options = roleFromEnv('worker', process.env, console.log);
const { prefix } = options;
const connection = await connectRole('nodes', options);
const recorder = options.record ? new NatsRecorder({ connection, prefix, log: console.log }) : undefined;
const engine = new SimulatedEngine({ cpuMillis: 32_000, memoryBytes: 64 * 2 ** 30 });
const hosts: Host[] = [];
const first = nodeUser('node-0');
const view = new ScopedView({ connection, prefix, caller: first, inboxPrefix: inboxPrefix(first), log: console.log });

/** A host of its own for each node: nodes are answered only in the inboxes of their own users. */
function startNode(node: string): Promise<void> {
  const host = new Host({
    connection,
    prefix,
    caller: nodeUser(node),
    instance: node,
    inboxPrefix: inboxPrefix(nodeUser(node)),
    build: BUILD,
    log: console.log,
    view,
    ...(recorder === undefined ? {} : { recorder }),
  });
  hosts.push(host);
  return hostNode(host, { node, ip: '127.0.0.1', adapters: engine.adapters(node) });
}

for (let first = 0; first < count; first += AT_ONCE) {
  const some = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, n) => `node-${first + n}`);
  await Promise.all(some.map(startNode));
}
console.log(`${count} nodes are hosted`);
process.once('SIGTERM', () => {
  void Promise.all(hosts.map((host) => host.stop()))
    .then(() => connection.drain())
    .then(() => process.exit(0));
});
