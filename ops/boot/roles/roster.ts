import { apiServer } from '../../../actors/api-server/api-server.ts';
import {
  NODE_LIFECYCLE_DEFAULTS,
  type NodeLifecycleConfig,
  nodeLifecycle,
} from '../../../actors/controllers/node-lifecycle/node-lifecycle.ts';
import { controllers } from '../../../actors/controllers/registry.ts';
import { dispatcher } from '../../../actors/dispatcher/dispatcher.ts';
import { type ActorDefinition, api } from '../../../actors/kernel/declare.ts';
import { kubelet } from '../../../actors/kubelet/kubelet.ts';
import { runtimeDeclared } from '../../../actors/runtime/runtime-driver.ts';
import { scheduler } from '../../../actors/scheduler/scheduler.ts';
import type { Declared } from '../users/declared-subjects.ts';

/** Which actors and drivers a process of each role hosts: from what they declare, its permissions are printed. */
export interface Roster {
  readonly master: readonly Declared[];
  readonly worker: (node: string) => readonly Declared[];
}

/** Actors of which one instance acts, however many masters there are. */
export const singletons: readonly ActorDefinition[] = [scheduler, dispatcher, ...controllers];

/** The same, with other figures for when nodes count as silent. */
export const singletonsWith = (nodes: Partial<NodeLifecycleConfig> = {}): readonly ActorDefinition[] => {
  const other = nodeLifecycle({ ...NODE_LIFECYCLE_DEFAULTS, ...nodes });
  return singletons.map((definition) => (definition.name === other.name ? other : definition));
};

/** What a process that hosts actors says by itself: that one of them keeps failing. */
export const hosting: Declared = { name: 'boot', hears: {}, says: { event: api('create', 'events') } };
/** A master's, also what every cluster has from the start. */
const boot: Declared = { ...hosting, says: { ...hosting.says, namespace: api('create', 'namespaces') } };

export const roster: Roster = {
  // The store driver hears ports alone, which no broker carries.
  master: [boot, apiServer({ instance: '*' }), { name: 'store', hears: {}, says: {} }, ...singletons],
  worker: (node) => [kubelet({ node, ip: '', version: '' }), runtimeDeclared(node)],
};

/** Names of the actors and drivers without which a control plane does not do its work. */
export const controlPlane: readonly string[] = roster.master.filter((one) => one !== boot).map(({ name }) => name);
