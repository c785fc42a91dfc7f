import type { ActorDefinition } from '../kernel/declare.ts';
import { clusterRoleAggregation } from './cluster-role-aggregation/cluster-role-aggregation.ts';
import { customResourceDefinitionController } from './custom-resource-definition/custom-resource-definition.ts';
import { deploymentController } from './deployment/deployment.ts';
import { garbageCollector } from './garbage-collector/garbage-collector.ts';
import { namespaceController } from './namespace/namespace.ts';
import { nodeLifecycle } from './node-lifecycle/node-lifecycle.ts';
import { podGarbageCollector } from './pod-garbage-collector/pod-garbage-collector.ts';
import { replicaSetController } from './replica-set/replica-set.ts';

/** Every controller: what a master hosts. A new one is one line here. */
export const controllers: readonly ActorDefinition[] = [
  deploymentController,
  replicaSetController,
  namespaceController,
  garbageCollector,
  nodeLifecycle(),
  podGarbageCollector(),
  clusterRoleAggregation,
  customResourceDefinitionController,
];
