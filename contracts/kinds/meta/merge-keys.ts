import type { MergeKeyTable } from '../../merge/merge-keys.ts';

const CONDITIONS = { conditions: { by: ['type'] } } as const;

/** Kubernetes' markers that hold for the metadata and status of every kind. */
export const META_MERGE_KEYS: MergeKeyTable = {
  ObjectMeta: { ownerReferences: { by: ['uid'] }, finalizers: { by: [] } },
  PodStatus: { ...CONDITIONS, podIPs: { by: ['ip'] }, hostIPs: { by: ['ip'] } },
  NodeStatus: { ...CONDITIONS, addresses: { by: ['type'] } },
  NodeSpec: { podCIDRs: { by: [] } },
  NamespaceStatus: CONDITIONS,
  DeploymentStatus: CONDITIONS,
  ReplicaSetStatus: CONDITIONS,
};
