import type { NatsConnection } from 'nats';
import { apiServer } from '../../actors/api-server/api-server.ts';
import { apiServerReplay } from '../../actors/api-server/replay/replay.ts';
import type { NodeLifecycleConfig } from '../../actors/controllers/node-lifecycle/node-lifecycle.ts';
import { nodeLifecycleReplay } from '../../actors/controllers/node-lifecycle/replay.ts';
import type { ActorDefinition, Base, Json, ReplayKnowledge } from '../../actors/kernel/replay-api.ts';
import { type KubeletOptions, kubelet } from '../../actors/kubelet/kubelet.ts';
import { kubeletReplay } from '../../actors/kubelet/replay.ts';
import { schedulerReplay } from '../../actors/scheduler/replay.ts';
import type { ClusterKey } from '../../contracts/store/sealed.ts';
import { singletons, singletonsWith } from '../boot/roles/roster.ts';

/* The only module of the replay tools that imports actors. */

/** An actor or driver of this build. */
export interface PlayedActor {
  /** Makes its definition from a recorded configuration, which was checked; absent for a driver. */
  readonly define?: (config: Json) => ActorDefinition;
  readonly knowledge?: ReplayKnowledge;
  /** A driver of which nothing is recorded: it has ports only, and its callers record what they ask it. */
  readonly unrecorded?: true;
}

const KNOWLEDGE: Readonly<Record<string, ReplayKnowledge>> = {
  scheduler: schedulerReplay,
  'node-lifecycle': nodeLifecycleReplay,
};

/** Every actor and driver of this build, by name. */
export const playedActors: ReadonlyMap<string, PlayedActor> = new Map<string, PlayedActor>([
  ...singletons.map(({ name }): [string, PlayedActor] => [
    name,
    { define: (config) => singletonFrom(name, config), knowledge: KNOWLEDGE[name] ?? {} },
  ]),
  [
    'api-server',
    {
      define: (config) => apiServer(config as unknown as Parameters<typeof apiServer>[0]),
      knowledge: apiServerReplay,
    },
  ],
  ['kubelet', { define: (config) => kubelet(config as unknown as KubeletOptions), knowledge: kubeletReplay }],
  ['runtime', {}],
  ['store', { unrecorded: true }],
]);

function singletonFrom(name: string, config: Json): ActorDefinition {
  const nodes = name === 'node-lifecycle' ? (config as unknown as NodeLifecycleConfig) : {};
  return singletonsWith(nodes).find((one) => one.name === name) as ActorDefinition;
}

/** The store's checkpoints: all live objects at some revisions. */
export interface CheckpointReader {
  /** Revisions of the complete checkpoints, ascending. */
  revisions(): Promise<readonly number[]>;
  /** @throws StatusError InternalError when the checkpoint is damaged */
  read(revision: number): Promise<Base | undefined>;
}

/** Opens the checkpoints of a cluster. @param key without it secrets stay sealed */
export async function openCheckpoints(
  connection: NatsConnection,
  prefix: string,
  key: ClusterKey | undefined,
): Promise<CheckpointReader> {
  // Loaded here, because a replay of a file needs no NATS client.
  const [{ jetstreamManager }, { Checkpoints }] = await Promise.all([
    import('@nats-io/jetstream'),
    import('../../actors/store/checkpoints.ts'),
  ]);
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const checkpoints = new Checkpoints({ connection, manager, prefix, clusterKey: key });
  return {
    revisions: async () => (await checkpoints.names()).filter(({ whole }) => whole).map(({ revision }) => revision),
    read: (revision) => checkpoints.read(revision),
  };
}
