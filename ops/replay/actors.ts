import type { NatsConnection } from 'nats';
import { apiServerReplay } from '../../actors/api-server/replay/replay.ts';
import { nodeLifecycleReplay } from '../../actors/controllers/node-lifecycle/replay.ts';
import type { ActorDefinition, Base, Json, ReplayKnowledge } from '../../actors/kernel/replay-api.ts';
import { kubeletReplay } from '../../actors/kubelet/replay.ts';
import { schedulerReplay } from '../../actors/scheduler/replay.ts';
import type { ClusterKey } from '../../contracts/store/sealed.ts';
import { MASTER_TABLE, NODE_TABLE } from '../boot/roles/hosted-actors.ts';

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
  'api-server': apiServerReplay,
  kubelet: kubeletReplay,
  'node-lifecycle': nodeLifecycleReplay,
  scheduler: schedulerReplay,
};

/** Drivers that have ports only. */
const UNRECORDED = ['store'];

function playedActor({ name, ...hosted }: (typeof MASTER_TABLE)[number] | (typeof NODE_TABLE)[number]): PlayedActor {
  return {
    ...(hosted.kind === 'actor' ? { define: hosted.define } : {}),
    ...(name in KNOWLEDGE ? { knowledge: KNOWLEDGE[name] as ReplayKnowledge } : {}),
    ...(UNRECORDED.includes(name) ? { unrecorded: true } : {}),
  };
}

/** Every actor and driver of this build, by name. */
export const playedActors: ReadonlyMap<string, PlayedActor> = new Map(
  [...MASTER_TABLE, ...NODE_TABLE].map((hosted) => [hosted.name, playedActor(hosted)]),
);

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
