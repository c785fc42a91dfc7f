import { defineKind } from '../kind.ts';
import type { Role } from '../kinds.ts';
import { CREATED_AT, NAME } from '../meta/columns.ts';
import { pathSegment } from '../name-formats.ts';
import { checkRules } from '../rbac/check-rules.ts';
import { RBAC_VERSION } from '../rbac/rbac-group.ts';

export const roleKind = defineKind<Role>({
  resource: 'roles',
  singular: 'role',
  kind: 'Role',
  namespaced: true,
  apiVersion: RBAC_VERSION,
  columns: [NAME, CREATED_AT],
  nameFormat: pathSegment,
  checkCreate: ({ rules }, findings) => checkRules(rules, true, findings),
  checkUpdate: ({ rules }, _old, findings) => checkRules(rules, true, findings),
});
