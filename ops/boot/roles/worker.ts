import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { ActorDefinition } from '../../../actors/kernel/declare.ts';
import { Host } from '../../../actors/kernel/nats/nats-host.ts';
import { NatsRecorder } from '../../../actors/kernel/nats/nats-recorder.ts';
import type { KubeletOptions } from '../../../actors/kubelet/kubelet.ts';
import { inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { Client } from '../../client/client.ts';
import { BUILD } from '../home/build.ts';
import { reportActorFailures } from './actor-failure-events.ts';
import { isActor, isDriver, NODE_TABLE, type NodeAdapters, type NodeParts } from './hosted-actors.ts';
import type { RunningRole } from './master.ts';
import { refuseDuplicateWorker } from './refuse-duplicate-worker.ts';
import { connectRole, leave } from './role-connection.ts';
import type { RoleOptions } from './role-options.ts';
import { requiredOfNode } from './role-permissions.ts';

export interface NodeToHost {
  readonly node: string;
  readonly adapters: NodeAdapters;
  /** Address of the node; default: the machine's first address that is not loopback. */
  readonly ip?: string;
  readonly kubelet?: Pick<
    KubeletOptions,
    'capacity' | 'labels' | 'atOnce' | 'eviction' | 'kubeReserved' | 'systemReserved' | 'imageCollection'
  >;
}

export interface WorkerOptions extends RoleOptions, NodeToHost {}

const machineAddress = (): string =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';

/** The boot id: another at every start of the machine, also of a copy of it. Empty where the system has none. */
function machineBoot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** Hosts the drivers of a node, then its actors. A process may host any number of nodes. */
export async function hostNode(host: Host, { node, adapters, ip, kubelet: settings }: NodeToHost): Promise<void> {
  const { log } = host.options;
  const machine = { ip: ip ?? machineAddress(), bootId: machineBoot() };
  const parts: NodeParts = { kubelet: { node, ...machine, version: BUILD, ...settings }, adapters };
  for (const driver of NODE_TABLE.filter(isDriver)) await host.startDriver(await driver.make(parts), node);
  const actors = NODE_TABLE.filter(isActor).map((actor) => actor.make(parts));
  for (const actor of actors.filter((one) => !watches(one))) await host.start(actor, node);
  // An actor with a view waits for the api-server; the node's pods do not wait for it.
  for (const actor of actors.filter(watches))
    void host
      .start(actor, node)
      .catch((error: unknown) => log(`error: start ${actor.name}: ${(error as Error).message}`));
}

const watches = ({ hears }: ActorDefinition): boolean => Object.values(hears).some(({ hear }) => hear === 'watch');

async function closeAll(adapters: NodeAdapters): Promise<void> {
  for (const adapter of Object.values(adapters) as readonly { readonly close?: () => Promise<void> }[])
    await adapter.close?.();
}

/** Runs a node's actors in this process. @throws StatusError AlreadyExists while another worker runs them */
export async function runWorker(options: WorkerOptions): Promise<RunningRole> {
  const { prefix, log, node, adapters } = options;
  const connection = await connectRole('worker', options, requiredOfNode(prefix, node));
  const client = new Client(connection, { caller: options.user, prefix, inboxPrefix: inboxPrefix(options.user) });
  try {
    await refuseDuplicateWorker(client, node);
  } catch (error) {
    await closeAll(adapters);
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
    onEscalation: reportActorFailures(client, log, options.onBroken),
    ...(recorder === undefined ? {} : { recorder }),
  });
  await hostNode(host, options);
  log(`worker ${node} is ready, build ${BUILD}`);
  return {
    instance: node,
    host,
    stop: async () => {
      await host.stop();
      await closeAll(adapters);
      await leave(connection, log);
    },
  };
}
