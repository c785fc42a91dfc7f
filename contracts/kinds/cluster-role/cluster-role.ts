import { defineKind } from '../kind.ts';
import type { ClusterRole } from '../kinds.ts';
import { CREATED_AT, NAME } from '../meta/columns.ts';
import { labelValue, pathSegment, qualifiedName } from '../name-formats.ts';
import { checkLabelRequirement } from '../pod-template/check-scheduling.ts';
import { checkRules } from '../rbac/check-rules.ts';
import { RBAC_VERSION } from '../rbac/rbac-group.ts';
import type { Findings } from '../validation-findings.ts';

function check({ rules, aggregationRule }: ClusterRole, findings: Findings): void {
  checkRules(rules, false, findings);
  if (aggregationRule === undefined || (aggregationRule.clusterRoleSelectors ?? []).length > 0) return;
  const detail = 'at least one clusterRoleSelector required if aggregationRule is non-nil';
  findings.required('aggregationRule.clusterRoleSelectors', detail);
}

export const clusterRoleKind = defineKind<ClusterRole>({
  resource: 'clusterroles',
  singular: 'clusterrole',
  kind: 'ClusterRole',
  namespaced: false,
  apiVersion: RBAC_VERSION,
  columns: [NAME, CREATED_AT],
  rules: {
    LabelSelector: { fields: { matchLabels: { keys: qualifiedName, values: labelValue } } },
    LabelSelectorRequirement: { check: checkLabelRequirement },
  },
  nameFormat: pathSegment,
  checkCreate: check,
  checkUpdate: (role, _old, findings) => check(role, findings),
});
