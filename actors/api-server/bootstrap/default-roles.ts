import type { ClusterRole, ClusterRoleBinding, PolicyRule } from '../../../contracts/kinds/kinds.ts';
import { AUTHENTICATED, MASTERS, UNAUTHENTICATED } from '../../../contracts/kinds/rbac/groups.ts';
import { RBAC_GROUP, RBAC_VERSION } from '../../../contracts/kinds/rbac/rbac-group.ts';
import { aggregated } from '../../../contracts/kinds/rbac/aggregate.ts';

/*
 * The roles that every cluster has: Kubernetes' own, with the resources that Kubernetes names in them, so that they hold for kinds that
 * come later; without those of Kubernetes' components, which are other users here.
 */

/** Masters add to a default role or binding what is missing in it, unless this annotation is `false`. */
export const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const rule = (verbs: readonly string[], group: string, resources: readonly string[]): PolicyRule => ({
  verbs: [...verbs],
  apiGroups: [group],
  resources: [...resources],
});
const urls = (...nonResourceURLs: string[]): PolicyRule => ({ verbs: ['get'], nonResourceURLs });

const SCALED = ['deployments', 'replicasets', 'statefulsets'];
const withSub = (sub: string, resources: readonly string[]): readonly string[] =>
  resources.flatMap((resource) => [resource, `${resource}/${sub}`]);

const VIEW: readonly PolicyRule[] = [
  rule(READ, '', [
    'configmaps',
    ...withSub('status', ['persistentvolumeclaims', 'pods', 'replicationcontrollers', 'resourcequotas', 'services']),
    'replicationcontrollers/scale',
    'endpoints',
    'serviceaccounts',
    'bindings',
    'events',
    'limitranges',
    'pods/log',
    // In a namespace: that namespace.
    ...withSub('status', ['namespaces']),
  ]),
  rule(READ, 'discovery.k8s.io', ['endpointslices']),
  rule(READ, 'apps', [
    'controllerrevisions',
    ...withSub('status', ['daemonsets', ...SCALED]),
    ...SCALED.map((resource) => `${resource}/scale`),
  ]),
  rule(READ, 'autoscaling', withSub('status', ['horizontalpodautoscalers'])),
  rule(READ, 'batch', withSub('status', ['cronjobs', 'jobs'])),
  rule(READ, 'policy', withSub('status', ['poddisruptionbudgets'])),
  rule(READ, 'networking.k8s.io', [...withSub('status', ['ingresses']), 'networkpolicies']),
];

const INTO_PODS = ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'];
const EDIT: readonly PolicyRule[] = [
  rule(READ, '', [...INTO_PODS, 'secrets', 'services/proxy']),
  rule(['impersonate'], '', ['serviceaccounts']),
  rule(WRITE, '', ['pods', ...INTO_PODS]),
  rule(['create'], '', ['pods/eviction', 'serviceaccounts/token']),
  rule(WRITE, '', [
    'configmaps',
    'events',
    'persistentvolumeclaims',
    ...withSub('scale', ['replicationcontrollers']),
    'secrets',
    'serviceaccounts',
    'services',
    'services/proxy',
  ]),
  rule(WRITE, 'apps', ['daemonsets', 'deployments/rollback', ...withSub('scale', SCALED)]),
  rule(WRITE, 'autoscaling', ['horizontalpodautoscalers']),
  rule(WRITE, 'batch', ['cronjobs', 'jobs']),
  rule(WRITE, 'policy', ['poddisruptionbudgets']),
  rule(WRITE, 'networking.k8s.io', ['ingresses', 'networkpolicies']),
  rule([...WRITE, ...READ], 'coordination.k8s.io', ['leases']),
];

const ADMIN: readonly PolicyRule[] = [
  rule(['create'], 'authorization.k8s.io', ['localsubjectaccessreviews']),
  rule([...WRITE, ...READ], RBAC_GROUP, ['rolebindings', 'roles']),
];

const LABELS = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const role = (
  name: string,
  rules: readonly PolicyRule[],
  labels: Readonly<Record<string, string>> = {},
): ClusterRole => ({
  apiVersion: RBAC_VERSION,
  kind: 'ClusterRole',
  metadata: { name, labels: { ...LABELS, ...labels }, annotations: { [AUTOUPDATE]: 'true' } },
  rules: [...rules],
});

const label = (of: string): string => `rbac.authorization.k8s.io/aggregate-to-${of}`;
/** A part of the role `to`. A role that is a part of another one is so with all its own parts. */
const part = (to: string, rules: readonly PolicyRule[]): ClusterRole =>
  role(`system:aggregate-to-${to}`, rules, { [label(to)]: 'true' });
const whole = (name: string, labels: Readonly<Record<string, string>> = {}): ClusterRole => ({
  ...role(name, [], labels),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label(name)]: 'true' } }] },
});

function clusterRoles(): readonly ClusterRole[] {
  const fixed = [
    role('cluster-admin', [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ]),
    role('system:discovery', [
      urls(
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/healthz',
        '/livez',
        '/openapi',
        '/openapi/*',
        '/readyz',
        '/version',
        '/version/',
      ),
    ]),
    role('system:public-info-viewer', [urls('/healthz', '/livez', '/readyz', '/version', '/version/')]),
    role('system:basic-user', [
      rule(['create'], 'authorization.k8s.io', ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']),
      rule(['create'], 'authentication.k8s.io', ['selfsubjectreviews']),
    ]),
    part('view', VIEW),
    part('edit', EDIT),
    part('admin', ADMIN),
  ];
  // Aggregated here too, so that nobody waits for the controller that does it later.
  let known: readonly ClusterRole[] = fixed;
  for (const one of [
    whole('view', { [label('edit')]: 'true' }),
    whole('edit', { [label('admin')]: 'true' }),
    whole('admin'),
  ])
    known = [...known, { ...one, rules: [...aggregated(one, known)] }];
  return known;
}

const bound = (name: string, ...groups: readonly string[]): ClusterRoleBinding => ({
  apiVersion: RBAC_VERSION,
  kind: 'ClusterRoleBinding',
  metadata: { name, labels: LABELS, annotations: { [AUTOUPDATE]: 'true' } },
  roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name },
  subjects: groups.map((group) => ({ apiGroup: RBAC_GROUP, kind: 'Group', name: group })),
});

export const DEFAULT_ROLES: readonly ClusterRole[] = clusterRoles();
export const DEFAULT_BINDINGS: readonly ClusterRoleBinding[] = [
  bound('cluster-admin', MASTERS),
  bound('system:basic-user', AUTHENTICATED),
  bound('system:discovery', AUTHENTICATED),
  bound('system:public-info-viewer', AUTHENTICATED, UNAUTHENTICATED),
];
