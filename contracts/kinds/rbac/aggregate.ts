import { selectorMatches } from '../../selectors/label-selector.ts';
import type { ClusterRole, PolicyRule } from '../kinds.ts';

const isPart = ({ aggregationRule }: ClusterRole, { metadata }: ClusterRole): boolean =>
  (aggregationRule?.clusterRoleSelectors ?? []).some((selector) => selectorMatches(selector, metadata?.labels));

/**
 * The rules that an aggregated role is to have: those of the roles that it selects, each rule once, in the order of the roles'
 * names. Pure.
 */
export function aggregated(whole: ClusterRole, roles: readonly ClusterRole[]): readonly PolicyRule[] {
  const byName = roles.filter((one) => one.metadata?.name !== whole.metadata?.name && isPart(whole, one));
  byName.sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1));
  const rules = new Map<string, PolicyRule>();
  for (const rule of byName.flatMap((one) => one.rules ?? [])) rules.set(JSON.stringify(rule), rule);
  return [...rules.values()];
}
