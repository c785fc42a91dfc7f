import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { ClusterRole, PolicyRule } from '../../../contracts/kinds/kinds.ts';
import { aggregated } from '../../../contracts/kinds/rbac/aggregate.ts';

/** The roles whose rules are not those of the roles that they aggregate, with the rules that they are to have. Pure. */
export const planAggregation = (
  roles: readonly ClusterRole[],
): readonly { readonly name: string; readonly rules: readonly PolicyRule[] }[] =>
  roles.flatMap((role) => {
    if (role.aggregationRule === undefined) return [];
    const rules = aggregated(role, roles);
    return sameJson(rules, role.rules ?? []) ? [] : [{ name: role.metadata?.name ?? '', rules }];
  });
