import { type ApiServerOptions, apiServer } from '../../../actors/api-server/api-server.ts';
import {
  NODE_LIFECYCLE_DEFAULTS,
  type NodeLifecycleConfig,
  nodeLifecycle,
} from '../../../actors/controllers/node-lifecycle/node-lifecycle.ts';
import { controllers } from '../../../actors/controllers/registry.ts';
import { dispatcher } from '../../../actors/dispatcher/dispatcher.ts';
import type { Json } from '../../../actors/kernel/contract.ts';
import { type ActorDefinition, api, type DriverDefinition } from '../../../actors/kernel/declare.ts';
import { type KubeletOptions, kubelet } from '../../../actors/kubelet/kubelet.ts';
import { nodeNetwork } from '../../../actors/node-network/node-network.ts';
import { runtimeDeclared, runtimeDriver } from '../../../actors/runtime/runtime-driver.ts';
import { sessionsDeclared, sessionsDriver } from '../../../actors/sessions/sessions-driver.ts';
import { scheduler } from '../../../actors/scheduler/scheduler.ts';
import type { StoreDriverOptions } from '../../../actors/store/store-driver.ts';
import type { RuntimeAdapter } from '../../../contracts/runtime/adapter.ts';
import type { VolumeHost } from '../../../contracts/runtime/volumes.ts';
import type { Declared } from '../users/declared-subjects.ts';

/*
 * The table of what masters and workers host. A new controller is a line in actors/controllers/registry.ts; any other new actor or
 * driver is a line in MASTER_TABLE or NODE_TABLE. Masters and workers start what is listed here; permissions, `troupe status`,
 * `troupe master --without` and replay are derived from it.
 */

/** What a master gives to the actors and drivers that it hosts. */
export interface MasterParts {
  readonly apiServer: ApiServerOptions;
  /** When nodes count as silent; Kubernetes' figures by default. */
  readonly nodeLifecycle?: Partial<NodeLifecycleConfig> | undefined;
  readonly store: StoreDriverOptions;
}

/** What the drivers of a node work on; one adapter a driver. */
export interface NodeAdapters {
  readonly runtime: RuntimeAdapter;
  readonly volumes: VolumeHost;
}

/** What a worker gives to the actors and drivers of a node. */
export interface NodeParts {
  readonly kubelet: KubeletOptions;
  readonly adapters: NodeAdapters;
}

interface HostedBase {
  readonly name: string;
  /** One instance acts, however many processes host it; the others stand by. */
  readonly singleton: boolean;
  /** What it hears and says; permissions are planned from this, in processes that do not run it. */
  readonly declared: (node: string) => Declared;
}

export interface HostedActor<Parts> extends HostedBase {
  readonly kind: 'actor';
  readonly make: (parts: Parts) => ActorDefinition;
  /** Makes the definition from the configuration that was recorded with it; for replays. */
  readonly define: (config: Json) => ActorDefinition;
}

export interface HostedDriver<Parts> extends HostedBase {
  readonly kind: 'driver';
  readonly make: (parts: Parts) => DriverDefinition | Promise<DriverDefinition>;
}

export type Hosted<Parts> = HostedActor<Parts> | HostedDriver<Parts>;

/** An actor without a configuration. */
const fixed = <Parts>(definition: ActorDefinition): HostedActor<Parts> => ({
  name: definition.name,
  kind: 'actor',
  singleton: definition.singleton,
  declared: () => definition,
  make: () => definition,
  define: () => definition,
});

/**
 * An actor that is made from a configuration.
 * @param sample   a configuration that declares what every other one of that node does
 * @param configOf the configuration in a process with these parts
 */
function configured<Parts, Config>(
  define: (config: Config) => ActorDefinition,
  sample: (node: string) => Config,
  configOf: (parts: Parts) => Config,
): HostedActor<Parts> {
  const { name, singleton } = define(sample('*'));
  return {
    name,
    kind: 'actor',
    singleton,
    declared: (node) => define(sample(node)),
    make: (parts) => define(configOf(parts)),
    define: (config) => define(config as unknown as Config),
  };
}

function driver<Parts>(
  declared: (node: string) => Declared,
  make: (parts: Parts) => DriverDefinition | Promise<DriverDefinition>,
): HostedDriver<Parts> {
  return { name: declared('*').name, kind: 'driver', singleton: false, declared, make };
}

const nodeLifecycleController = configured(
  (config: Partial<NodeLifecycleConfig>) => nodeLifecycle({ ...NODE_LIFECYCLE_DEFAULTS, ...config }),
  () => ({}),
  (parts: MasterParts) => parts.nodeLifecycle ?? {},
);

// The store driver hears ports alone, which no broker carries. Only masters load its code.
const STORE: Declared = { name: 'store', hears: {}, says: {} };

export const MASTER_TABLE: readonly Hosted<MasterParts>[] = [
  configured(
    apiServer,
    (): ApiServerOptions => ({ instance: '*', authorization: 'RBAC' }),
    (parts: MasterParts) => parts.apiServer,
  ),
  driver(
    () => STORE,
    async (parts) => (await import('../../../actors/store/store-driver.ts')).storeDriver(parts.store),
  ),
  fixed(scheduler),
  fixed(dispatcher),
  ...controllers.map((one) =>
    one.name === nodeLifecycleController.name ? nodeLifecycleController : fixed<MasterParts>(one),
  ),
];

export const NODE_TABLE: readonly Hosted<NodeParts>[] = [
  configured(
    kubelet,
    (node) => ({ node, ip: '', version: '' }),
    (parts: NodeParts) => parts.kubelet,
  ),
  configured(
    nodeNetwork,
    (node) => ({ node }),
    (parts: NodeParts) => ({ node: parts.kubelet.node }),
  ),
  driver(runtimeDeclared, ({ kubelet: { node }, adapters }) =>
    runtimeDriver({ node, adapter: adapters.runtime, volumes: adapters.volumes }),
  ),
  driver(sessionsDeclared, ({ kubelet: { node }, adapters }) => sessionsDriver({ node, adapter: adapters.runtime })),
];

export const isActor = <Parts>(hosted: Hosted<Parts>): hosted is HostedActor<Parts> => hosted.kind === 'actor';
export const isDriver = <Parts>(hosted: Hosted<Parts>): hosted is HostedDriver<Parts> => hosted.kind === 'driver';

/** Resources of which every node has a view: what its actors watch. */
export const viewedByNodes: readonly string[] = [
  ...new Set(
    NODE_TABLE.flatMap(({ declared }) => Object.values(declared('*').hears)).flatMap((heard) =>
      heard.hear === 'watch' ? [heard.resource] : [],
    ),
  ),
];

/** What a process that hosts actors says by itself: the events about actors that keep failing. */
export const hosting: Declared = { name: 'boot', hears: {}, says: { event: api('create', 'events') } };
/** A master also creates the namespaces and roles that every cluster has, and keeps the roles up to date. */
const masterProcess: Declared = {
  ...hosting,
  says: {
    ...hosting.says,
    namespace: api('create', 'namespaces'),
    readRole: api('get', 'clusterroles'),
    createRole: api('create', 'clusterroles'),
    updateRole: api('update', 'clusterroles'),
    readBinding: api('get', 'clusterrolebindings'),
    createBinding: api('create', 'clusterrolebindings'),
    updateBinding: api('update', 'clusterrolebindings'),
    deleteBinding: api('delete', 'clusterrolebindings'),
  },
};

/** What processes of each role hear and say; their users' permissions are planned from it. */
export interface DeclaredActors {
  readonly master: readonly Declared[];
  readonly worker: (node: string) => readonly Declared[];
}

export const declaredActors: DeclaredActors = {
  master: [masterProcess, ...MASTER_TABLE.map(({ declared }) => declared('*'))],
  worker: (node) => NODE_TABLE.map(({ declared }) => declared(node)),
};

/** Names of the actors and drivers without which a control plane does not do its work. */
export const controlPlane: readonly string[] = MASTER_TABLE.map(({ name }) => name);

/** Names of the actors that a master can leave to other processes. */
export const singletonNames: readonly string[] = MASTER_TABLE.filter(({ singleton }) => singleton).map(
  ({ name }) => name,
);
