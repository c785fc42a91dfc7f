import type { StatusError } from '../../../contracts/errors/status.ts';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { ClusterRole, PolicyRule, RoleBinding } from '../../../contracts/kinds/kinds.ts';
import { RBAC_GROUP } from '../../../contracts/kinds/rbac/rbac-group.ts';
import { forbidden, notFound } from '../api-errors.ts';
import { type Obj, withMeta } from '../object.ts';
import type { Target } from '../request.ts';
import { actOf, qualifiedResource } from './act-of.ts';
import { refuseEscalation } from './plan-escalation.ts';
import type { ResourceAct } from './rule-matches.ts';
import { type Roles, rulesFor, rulesOfRole } from './rule-resolution.ts';
import type { UserInfo } from './user-info.ts';

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** Who removes an object must be able to take off what keeps it, whatever its rules say. */
function onlyLetsGo(next: Obj, old: Obj): boolean {
  const rest = (object: Obj) =>
    withMeta(object, { ownerReferences: undefined, finalizers: undefined, resourceVersion: undefined });
  return sameJson(rest(next), rest(old));
}

/**
 * Why a user may not store this role or binding: it would give rights that the user does not have, and may not give away all the
 * same by the verbs `escalate` and `bind`. `undefined` for other kinds. Pure.
 * @param allowed may the user do this?
 */
export function refuseGrant(
  roles: Roles,
  user: UserInfo,
  allowed: (act: ResourceAct) => boolean,
  target: Target,
  next: Obj,
  old?: Obj,
): StatusError | undefined {
  if (target.kind.group !== RBAC_GROUP || (old !== undefined && onlyLetsGo(next, old))) return undefined;
  const { namespace } = target;
  const name = next.metadata.name ?? '';
  const refused = (finding: string): StatusError => forbidden(qualifiedResource(actOf('', target)), name, finding);
  const lacks = (rules: readonly PolicyRule[]): string | undefined =>
    refuseEscalation(user, rulesFor(roles, user, namespace), rules);
  const refusedRules = (rules: readonly PolicyRule[]): StatusError | undefined => {
    const finding = lacks(rules);
    return finding === undefined ? undefined : refused(finding);
  };
  if ('roleRef' in next) {
    const { roleRef } = next as unknown as RoleBinding;
    const resource = roleRef.kind === 'Role' ? 'roles' : 'clusterroles';
    const bind = { verb: 'bind', group: RBAC_GROUP, resource, subresource: '', namespace, name: roleRef.name };
    if (allowed(bind)) return undefined;
    const rules = rulesOfRole(roles, roleRef, namespace);
    return rules === undefined ? notFound(qualifiedResource(bind), roleRef.name) : refusedRules(rules);
  }
  if (allowed({ ...actOf('escalate', target), name })) return undefined;
  const { rules = [], aggregationRule } = next as unknown as ClusterRole;
  if (aggregationRule !== undefined && lacks(EVERYTHING) !== undefined)
    return refused('must have cluster-admin privileges to use an aggregationRule');
  return refusedRules(rules);
}
