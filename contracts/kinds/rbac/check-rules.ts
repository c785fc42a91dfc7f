import type { PolicyRule } from '../kinds.ts';
import type { Findings } from '../validation-findings.ts';

const isEmpty = (list: readonly string[] | undefined): boolean => list === undefined || list.length === 0;

function checkRule(rule: PolicyRule, namespaced: boolean, findings: Findings): void {
  if (isEmpty(rule.verbs)) findings.required('verbs', 'verbs must contain at least one value');
  if (!isEmpty(rule.nonResourceURLs)) {
    const { nonResourceURLs } = rule;
    if (namespaced)
      findings.invalid('nonResourceURLs', nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs');
    if (!isEmpty(rule.apiGroups) || !isEmpty(rule.resources) || !isEmpty(rule.resourceNames)) {
      const detail = 'rules cannot apply to both regular resources and non-resource URLs';
      findings.invalid('nonResourceURLs', nonResourceURLs, detail);
    }
    return;
  }
  if (isEmpty(rule.apiGroups)) findings.required('apiGroups', 'resource rules must supply at least one api group');
  if (isEmpty(rule.resources)) findings.required('resources', 'resource rules must supply at least one resource');
}

/** Checks the rules of a Role or ClusterRole. */
export function checkRules(rules: readonly PolicyRule[] = [], namespaced: boolean, findings: Findings): void {
  for (const [at, rule] of rules.entries()) {
    findings.enter('rules');
    findings.enter(at);
    checkRule(rule, namespaced, findings);
    findings.leave();
    findings.leave();
  }
}
