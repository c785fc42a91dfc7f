import { defineKind } from '../kind.ts';
import type { ClusterRoleBinding } from '../kinds.ts';
import { bindingSource } from '../rbac/bindings.ts';
import { RBAC_VERSION } from '../rbac/rbac-group.ts';

export const clusterRoleBindingKind = defineKind<ClusterRoleBinding>({
  resource: 'clusterrolebindings',
  singular: 'clusterrolebinding',
  kind: 'ClusterRoleBinding',
  apiVersion: RBAC_VERSION,
  ...bindingSource(false),
});
