import { encodeMsgpack } from '../../contracts/codec/codec.ts';
import type { NodeHeartbeat } from '../../contracts/messages/node.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { connectRole } from '../boot/roles/role-connection.ts';
import { roleFromEnv } from '../boot/roles/role-options.ts';

/* Simulates nodes that only send heartbeats: one a second each, spread evenly over the second. */

const count = Number(process.env['BENCH_NODES'] ?? '1000');
const options = roleFromEnv('worker', process.env, console.log);
const connection = await connectRole('nodes', options);
const SLICES = 20;
let slice = 0;
const beat = (): void => {
  for (let index = slice; index < count; index += SLICES) {
    const node = `node-${index}`;
    const body: NodeHeartbeat = { node, sentAt: Date.now(), runtimeReady: true, pods: 0 };
    connection.publish(SUBJECTS.heartbeat.subject(options.prefix, { node }), encodeMsgpack(body));
  }
  slice = (slice + 1) % SLICES;
};
const timer = setInterval(beat, 1000 / SLICES);
process.once('SIGTERM', () => {
  clearInterval(timer);
  void connection.drain();
});
