import { defineKind } from '../kind.ts';
import type { RoleBinding } from '../kinds.ts';
import { bindingSource } from '../rbac/bindings.ts';
import { RBAC_VERSION } from '../rbac/rbac-group.ts';

export const roleBindingKind = defineKind<RoleBinding>({
  resource: 'rolebindings',
  singular: 'rolebinding',
  kind: 'RoleBinding',
  apiVersion: RBAC_VERSION,
  ...bindingSource(true),
});
