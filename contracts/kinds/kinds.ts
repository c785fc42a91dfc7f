import type {
  ConfigMap,
  Deployment,
  Event,
  Namespace,
  Node,
  ObjectMeta,
  Pod,
  ReplicaSet,
  Secret,
  ServiceAccount,
} from './generated/types.ts';

/*
 * The kinds that Troupe keeps, as Kubernetes shapes them. Optional fields may be absent; moments are RFC 3339 strings.
 * The api-server fills in defaults before it stores, but the types do not promise them: a reader of the store may meet
 * bytes of an older release.
 */
export type * from './generated/types.ts';

/** What every object has. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** Resource (plural, as in subjects and store keys) -> the type of its objects in the store. */
export interface ResourceTypes {
  pods: Pod;
  nodes: Node;
  namespaces: Namespace;
  replicasets: ReplicaSet;
  deployments: Deployment;
  configmaps: ConfigMap;
  secrets: Secret;
  serviceaccounts: ServiceAccount;
  events: Event;
}
export type ResourceName = keyof ResourceTypes;
