import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { Host } from '../../../actors/kernel/nats/nats-host.ts';
import { NatsRecorder } from '../../../actors/kernel/nats/nats-recorder.ts';
import { type KubeletOptions, kubelet } from '../../../actors/kubelet/kubelet.ts';
import { runtimeDriver } from '../../../actors/runtime/runtime-driver.ts';
import type { RuntimeAdapter } from '../../../contracts/runtime/adapter.ts';
import { inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { Client } from '../../client/client.ts';
import { BUILD } from '../home/build.ts';
import { escalations } from './escalate.ts';
import { expectNodeFree } from './expect-node-free.ts';
import { nodeMandate } from './mandate.ts';
import type { RunningRole } from './master.ts';
import { connectRole, leave, type RoleOptions } from './role.ts';

export interface NodeToHost {
  readonly node: string;
  readonly adapter: RuntimeAdapter;
  /** The address at which the node is reached; default the machine's first one that is not loopback. */
  readonly ip?: string;
  readonly kubelet?: Pick<KubeletOptions, 'capacity' | 'labels' | 'atOnce'>;
}

export interface WorkerOptions extends RoleOptions, NodeToHost {}

const machineAddress = (): string =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';

/** Another one at every start of the machine, a copy of it too; not every system tells. */
function machineBoot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** Hosts a node's actors: the driver of its container runtime, and the kubelet. A process may host any number of nodes. */
export async function hostNode(host: Host, { node, adapter, ip, kubelet: settings }: NodeToHost): Promise<void> {
  await host.startDriver(runtimeDriver({ node, adapter }), node);
  const machine = { ip: ip ?? machineAddress(), bootId: machineBoot() };
  await host.start(kubelet({ node, ...machine, version: BUILD, ...settings }), node);
}

/** Runs a node's actors in this process. @throws StatusError AlreadyExists while another worker runs them */
export async function runWorker(options: WorkerOptions): Promise<RunningRole> {
  const { prefix, log, node, adapter } = options;
  const connection = await connectRole('worker', options, nodeMandate(prefix, node));
  const client = new Client(connection, { caller: options.user, prefix, inboxPrefix: inboxPrefix(options.user) });
  try {
    await expectNodeFree(client, node);
  } catch (error) {
    await adapter.close();
    await connection.close();
    throw error;
  }
  const waiting = options.flushWithinMs === undefined ? {} : { flushWithinMs: options.flushWithinMs };
  const recorder = options.record ? new NatsRecorder({ connection, prefix, log, ...waiting }) : undefined;
  const host = new Host({
    connection,
    prefix,
    caller: options.user,
    instance: node,
    inboxPrefix: inboxPrefix(options.user),
    build: BUILD,
    log,
    onEscalation: escalations(client, log, options.onBroken),
    ...(recorder === undefined ? {} : { recorder }),
  });
  await hostNode(host, options);
  log(`worker ${node} is ready, build ${BUILD}`);
  return {
    instance: node,
    host,
    stop: async () => {
      await host.stop();
      await adapter.close();
      await leave(connection, log);
    },
  };
}
