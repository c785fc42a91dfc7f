import type {
  ClusterRoleBinding,
  PolicyRule,
  RbacSubject,
  RoleBinding,
  RoleRef,
} from '../../../contracts/kinds/kinds.ts';
import type { View } from '../../kernel/contract.ts';
import type { UserInfo } from './user-info.ts';

/** The part of a view in which roles are. */
export type Roles = Pick<View, 'get' | 'list'>;

const SERVICE_ACCOUNT = 'system:serviceaccount:';

/** @param namespace of the binding; empty for a ClusterRoleBinding */
function isSubject(user: UserInfo, { kind, name, namespace: own = '' }: RbacSubject, namespace: string): boolean {
  if (kind === 'User') return user.name === name;
  if (kind === 'Group') return user.groups.includes(name);
  const of = own === '' ? namespace : own;
  return kind === 'ServiceAccount' && of !== '' && user.name === `${SERVICE_ACCOUNT}${of}:${name}`;
}

/** The rules of a role; `undefined` when there is no such role. @param namespace of the binding that refers to it */
export function rulesOfRole(
  roles: Roles,
  { kind, name }: RoleRef,
  namespace: string,
): readonly PolicyRule[] | undefined {
  if (kind === 'Role') return rulesIn(roles.get('roles', namespace, name));
  return kind === 'ClusterRole' ? rulesIn(roles.get('clusterroles', undefined, name)) : undefined;
}

const rulesIn = (role: { readonly rules?: readonly PolicyRule[] } | undefined): readonly PolicyRule[] | undefined =>
  role === undefined ? undefined : (role.rules ?? []);

/** A binding that gives a user the rules of its role. */
export interface Grant {
  readonly binding: RoleBinding | ClusterRoleBinding;
  readonly subject: RbacSubject;
  readonly rules: readonly PolicyRule[];
}

/**
 * What applies to a user in a namespace, in the order in which Kubernetes looks: first what is bound everywhere. A binding of
 * a role that does not exist gives nothing. Pure.
 * @param namespace empty: only what is bound everywhere
 */
export function grantsOf(roles: Roles, user: UserInfo, namespace: string): readonly Grant[] {
  const granted = (bindings: readonly (RoleBinding | ClusterRoleBinding)[], within: string): readonly Grant[] =>
    bindings.flatMap((binding) => {
      const subject = binding.subjects?.find((one) => isSubject(user, one, within));
      const rules = subject === undefined ? undefined : rulesOfRole(roles, binding.roleRef, within);
      return subject === undefined || rules === undefined ? [] : [{ binding, subject, rules }];
    });
  const everywhere = granted(roles.list('clusterrolebindings'), '');
  return namespace === '' ? everywhere : [...everywhere, ...granted(roles.list('rolebindings', namespace), namespace)];
}

export const rulesFor = (roles: Roles, user: UserInfo, namespace: string): readonly PolicyRule[] =>
  grantsOf(roles, user, namespace).flatMap(({ rules }) => rules);

/** How Kubernetes words why something is allowed. */
export function grantText({ binding, subject }: Grant): string {
  const { metadata, roleRef } = binding;
  const { name = '', namespace = '' } = metadata ?? {};
  const role = `${roleRef.kind} ${JSON.stringify(roleRef.name)}`;
  const to = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace ?? namespace}` : subject.name;
  const of = namespace === '' ? `ClusterRoleBinding "${name}"` : `RoleBinding "${name}/${namespace}"`;
  return `RBAC: allowed by ${of} of ${role} to ${subject.kind} ${JSON.stringify(to)}`;
}
