import { Host } from '../../actors/kernel/nats/nats-host.ts';
import { NatsRecorder } from '../../actors/kernel/nats/nats-recorder.ts';
import { inboxPrefix } from '../../contracts/subjects/inbox.ts';
import { SimulatedEngine } from '../../runtime-adapters/simulated/simulated-engine.ts';
import { BUILD } from '../boot/build.ts';
import { leanHeap } from '../boot/lean-heap.ts';
import { connectRole, roleFromEnv } from '../boot/role.ts';
import { hostNode } from '../boot/worker.ts';

/*
 * Nodes as they are, but for what runs on them: a kubelet and a runtime driver each, over a simulated engine; those of one
 * process on one connection. Of several processes each hosts every so many-th node.
 */

/** Nodes that are being started at any time: each asks for itself to be written, which should not wait for all the others. */
const AT_ONCE = 32;

leanHeap();
const count = Number(process.env['BENCH_NODES'] ?? '1000');
const processes = Number(process.env['BENCH_PROCESSES'] ?? '1');
const here = Number(process.env['BENCH_PROCESS'] ?? '0');
const options = roleFromEnv('worker', process.env, console.log);
const { prefix, user, instance } = options;
const connection = await connectRole('nodes', options);
const host = new Host({
  connection,
  prefix,
  caller: user,
  instance,
  inboxPrefix: inboxPrefix(user),
  build: BUILD,
  log: console.log,
  ...(options.record ? { recorder: new NatsRecorder({ connection, prefix, log: console.log }) } : {}),
});
const engine = new SimulatedEngine({ cpuMillis: 32_000, memoryBytes: 64 * 2 ** 30 });
const nodes = Array.from({ length: count }, (_, n) => `node-${n}`).filter((_, n) => n % processes === here);
for (let first = 0; first < nodes.length; first += AT_ONCE) {
  const some = nodes.slice(first, first + AT_ONCE);
  await Promise.all(some.map((node) => hostNode(host, { node, ip: '127.0.0.1', adapter: engine.runtime(node) })));
}
console.log(`${nodes.length} nodes are hosted`);
process.once('SIGTERM', () => {
  void host
    .stop()
    .then(() => connection.drain())
    .then(() => process.exit(0));
});
