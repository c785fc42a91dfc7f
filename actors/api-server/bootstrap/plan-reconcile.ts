import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { ClusterRole, ClusterRoleBinding } from '../../../contracts/kinds/kinds.ts';
import { missingRules } from '../authorise/plan-escalation.ts';
import { AUTOUPDATE } from './default-roles.ts';

type Default = ClusterRole | ClusterRoleBinding;

/** What is to be done so that a default role or binding is as this release wants it. */
export type Reconciled<T> =
  | { readonly type: 'create' | 'update' | 'replace'; readonly object: T }
  | { readonly type: 'keep' };

const missing = <T>(found: readonly T[] = [], wanted: readonly T[] = []): readonly T[] =>
  wanted.filter((one) => !found.some((other) => sameJson(one, other)));

function complete(wanted: ClusterRole, found: ClusterRole): ClusterRole {
  const selectors = missing(found.aggregationRule?.clusterRoleSelectors, wanted.aggregationRule?.clusterRoleSelectors);
  const rules = wanted.aggregationRule === undefined ? missingRules(found.rules ?? [], wanted.rules ?? []) : [];
  return {
    ...found,
    ...(rules.length === 0 ? {} : { rules: [...(found.rules ?? []), ...rules] }),
    ...(selectors.length === 0
      ? {}
      : {
          aggregationRule: {
            clusterRoleSelectors: [...(found.aggregationRule?.clusterRoleSelectors ?? []), ...selectors],
          },
        }),
  };
}

/**
 * Compares a default role or binding with the one in the cluster, as Kubernetes does when an api-server starts: what is missing is
 * added, what others added stays, and one with the annotation `autoupdate: "false"` is left alone. Pure.
 */
export function planReconcile<T extends Default>(wanted: T, found: T | undefined): Reconciled<T> {
  if (found === undefined) return { type: 'create', object: wanted };
  if (found.metadata?.annotations?.[AUTOUPDATE] === 'false') return { type: 'keep' };
  const metadata = {
    ...found.metadata,
    labels: { ...wanted.metadata?.labels, ...found.metadata?.labels },
    annotations: { ...wanted.metadata?.annotations, ...found.metadata?.annotations },
  };
  if ('roleRef' in wanted) {
    const there = found as ClusterRoleBinding;
    if (!sameJson(wanted.roleRef, there.roleRef)) return { type: 'replace', object: wanted };
    const subjects = [...(there.subjects ?? []), ...missing(there.subjects, wanted.subjects)];
    return changed(found, { ...found, metadata, subjects });
  }
  return changed(found, { ...(complete(wanted, found) as T), metadata });
}

const changed = <T>(found: T, next: T): Reconciled<T> =>
  sameJson(found, next) ? { type: 'keep' } : { type: 'update', object: next };
