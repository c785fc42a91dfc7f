import type {
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  CustomResourceDefinition,
  Deployment,
  Event,
  Namespace,
  Node,
  ObjectMeta,
  Pod,
  ReplicaSet,
  Role,
  RoleBinding,
  Secret,
  ServiceAccount,
} from './generated/types.ts';

/*
 * The kinds of objects in Troupe, with Kubernetes' types. Optional fields may be absent; timestamps are RFC 3339 strings. The
 * api-server sets defaults before it stores an object, but the types do not promise them: an object may have been stored by
 * an older release.
 */
export type * from './generated/types.ts';

/** The fields that every object has. */
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
  customresourcedefinitions: CustomResourceDefinition;
  roles: Role;
  clusterroles: ClusterRole;
  rolebindings: RoleBinding;
  clusterrolebindings: ClusterRoleBinding;
}
export type ResourceName = keyof ResourceTypes;
