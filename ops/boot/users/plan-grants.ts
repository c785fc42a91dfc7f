import { groupOf } from '../../../contracts/kinds/kind.ts';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  RbacSubject,
  RoleBinding,
} from '../../../contracts/kinds/kinds.ts';
import { RBAC_GROUP, RBAC_VERSION } from '../../../contracts/kinds/rbac/rbac-group.ts';
import { BUILT_IN } from '../../../contracts/kinds/registry.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { untoken } from '../../../contracts/subjects/token.ts';
import type { UserRecord } from './users.ts';

/** The role of a tenant for which none was named, and of those who were added before there were roles. */
export const TENANT_ROLE = 'edit';

type Grantee = Pick<UserRecord, 'name' | 'profile'> &
  Partial<Pick<UserRecord, 'namespaces' | 'role' | 'permissions' | 'granted'>>;

/** Stands for "everywhere" among the places in which a user was given its role. */
export const EVERYWHERE = '*';

/** The places in which a user has no role yet: namespaces of a tenant, everywhere of a service. Pure. */
export function placesToGrant({ profile, namespaces = [], granted = [] }: Grantee): readonly string[] {
  const places = profile === 'tenant' ? namespaces : profile === 'service' ? [EVERYWHERE] : [];
  return places.filter((place) => !granted.includes(place));
}

export const tenantBindingName = (user: string): string => `troupe:tenant:${user}`;
export const serviceRoleName = (user: string): string => `troupe:service:${user}`;

const asSubject = (name: string): RbacSubject => ({ apiGroup: RBAC_GROUP, kind: 'User', name });

/** @param kind of the role: a Role of the namespace, or a ClusterRole */
export const tenantBinding = (
  user: string,
  namespace: string,
  kind: 'Role' | 'ClusterRole',
  role: string,
): RoleBinding => ({
  apiVersion: RBAC_VERSION,
  kind: 'RoleBinding',
  metadata: { name: tenantBindingName(user), namespace },
  roleRef: { apiGroup: RBAC_GROUP, kind, name: role },
  subjects: [asSubject(user)],
});

export const serviceBinding = (user: string): ClusterRoleBinding => ({
  apiVersion: RBAC_VERSION,
  kind: 'ClusterRoleBinding',
  metadata: { name: serviceRoleName(user) },
  roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: serviceRoleName(user) },
  subjects: [asSubject(user)],
});

/** What the authorizer calls a verb of the API. */
const VERBS: Readonly<Record<string, readonly string[]>> = {
  apply: ['get', 'create', 'patch'],
  delete: ['delete', 'deletecollection'],
};

/** The group of a resource as subjects name it, and its name without the group. */
function splitResource(resource: string): readonly [group: string, name: string] {
  if (resource === '*') return ['*', '*'];
  const known = BUILT_IN.byResource(resource);
  if (known !== undefined && !known.resource.includes('.')) return [groupOf(known.storageVersion), resource];
  const [base = '', ...sub] = resource.split('/');
  const dot = base.indexOf('.');
  return dot < 0 ? ['', resource] : [base.slice(dot + 1), [base.slice(0, dot), ...sub].join('/')];
}

/**
 * The role of a service: what its actors declared, which is what the broker lets it ask the api-server. Pure.
 * @param publish its permissions
 */
export function serviceRole(user: string, prefix: string, publish: readonly string[]): ClusterRole {
  const start = SUBJECTS.api
    .pattern(prefix, { caller: user })
    .split('.')
    .slice(0, prefix.split('.').length + 2);
  const rules = publish.flatMap((pattern): readonly PolicyRule[] => {
    const parts = pattern.split('.');
    if (!start.every((part, at) => parts[at] === part)) return [];
    const [verb = '*', resource = '*'] = parts.slice(start.length).map((part) => (part === '>' ? '*' : part));
    const [group, name] = splitResource(resource === '*' ? '*' : (untoken(resource) ?? ''));
    return [{ verbs: [...(VERBS[verb] ?? [verb])], apiGroups: [group], resources: [name] }];
  });
  const metadata = { name: serviceRoleName(user) };
  return { apiVersion: RBAC_VERSION, kind: 'ClusterRole', metadata, rules };
}
