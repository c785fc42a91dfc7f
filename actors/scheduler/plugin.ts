import type { NodeInfo } from './node-table.ts';
import type { PodFacts } from './pod-requirements.ts';
import type { Load } from './resource-load.ts';

/**
 * Can the pod run on the node at all? Pure.
 * @param used what pods, bound and about to be bound, take of the node
 * @returns why not, in Kubernetes' words; undefined when it can. Several reasons when several resources are short.
 */
export type Filter = (pod: PodFacts, node: NodeInfo, used: Load) => string | readonly string[] | undefined;
