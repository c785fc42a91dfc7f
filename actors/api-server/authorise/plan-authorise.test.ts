import { describe, expect, it } from 'vitest';
import type { KubeObject, PolicyRule, RbacSubject } from '../../../contracts/kinds/kinds.ts';
import { RBAC_GROUP } from '../../../contracts/kinds/rbac/rbac-group.ts';
import { allows, planAllowed, planReason, refusalText } from './plan-authorise.ts';
import { missingRules, refuseEscalation } from './plan-escalation.ts';
import type { ResourceAct } from './rule-matches.ts';
import type { Roles } from './rule-resolution.ts';
import type { UserInfo } from './user-info.ts';

const user = (name: string, ...groups: readonly string[]): UserInfo => ({ name, groups, key: name });
const rule = (verbs: string, groups: string, resources: string, names?: string): PolicyRule => ({
  verbs: verbs.split(','),
  apiGroups: groups.split(','),
  resources: resources.split(','),
  ...(names === undefined ? {} : { resourceNames: names.split(',') }),
});
const urls = (verbs: string, paths: string): PolicyRule => ({
  verbs: verbs.split(','),
  nonResourceURLs: paths.split(','),
});

const subject = (text: string): RbacSubject => {
  const [kind = '', name = '', namespace] = text.split(':');
  if (kind === 'ServiceAccount') return { kind, name, ...(namespace === undefined ? {} : { namespace }) };
  return { kind, name: text.slice(kind.length + 1), apiGroup: RBAC_GROUP };
};
/** Roles and bindings as `Kind namespace/name` -> rules, or `ref subject...`. */
function rolesOf(table: Readonly<Record<string, readonly PolicyRule[] | string>>): Roles {
  const objects = Object.entries(table).map(([place, held]) => {
    const [kind = '', path = ''] = place.split(' ');
    const [namespace = '', name = ''] = path.includes('/') ? path.split('/') : ['', path];
    const resource = `${kind.toLowerCase()}s`;
    if (typeof held !== 'string') return { resource, metadata: { name, namespace }, rules: held };
    const [ref = '', ...subjects] = held.split(' ');
    const [refKind = '', refName = ''] = ref.split('/');
    const roleRef = { kind: refKind, name: refName, apiGroup: RBAC_GROUP };
    return { resource, metadata: { name, namespace }, roleRef, subjects: subjects.map(subject) };
  });
  const list = (resource: string, namespace?: string) =>
    objects.filter(
      (one) => one.resource === resource && (namespace === undefined || one.metadata.namespace === namespace),
    );
  return {
    list,
    get: (resource: string, namespace: string | undefined, name: string) =>
      list(resource, namespace).find(({ metadata }) => metadata.name === name) as KubeObject | undefined,
  } as unknown as Roles;
}

const ROLES = rolesOf({
  'ClusterRole everything': [rule('*', '*', '*'), urls('*', '*')],
  'ClusterRole edit': [rule('get,list,create', '', 'pods,configmaps'), rule('get', 'apps', 'deployments/scale')],
  'ClusterRole logs': [rule('get', '', '*/log')],
  'ClusterRole health': [urls('get', '/healthz/*,/version')],
  'Role team-a/one-secret': [rule('get,update', '', 'secrets', 'mine,yours')],
  'Role team-a/widgets': [rule('*', 'example.com', 'widgets')],
  'ClusterRoleBinding root': 'ClusterRole/everything User:root',
  'ClusterRoleBinding health': 'ClusterRole/health Group:system:authenticated',
  'RoleBinding team-a/edit':
    'ClusterRole/edit User:alice Group:devs ServiceAccount:builder ServiceAccount:other:team-b',
  'RoleBinding team-a/logs': 'ClusterRole/logs User:alice',
  'RoleBinding team-a/secret': 'Role/one-secret User:alice',
  'RoleBinding team-a/widgets': 'Role/widgets User:alice',
  'RoleBinding team-b/gone': 'ClusterRole/not-there User:alice',
  'RoleBinding team-b/local': 'Role/one-secret User:alice',
});

/** `verb group/resource/sub namespace name` */
function act(text: string): ResourceAct {
  const [verb = '', path = '', namespace = '', name = ''] = text.split(' ');
  const [group = '', resource = '', subresource = ''] = path.split('/');
  return { verb, group, resource, subresource, namespace: namespace === '-' ? '' : namespace, name };
}

describe('who may do what', () => {
  it.each([
    { why: 'a role that is bound in the namespace', who: user('alice'), does: 'list /pods team-a', may: true },
    { why: 'a verb that it lacks', who: user('alice'), does: 'delete /pods team-a p', may: false },
    { why: 'a resource that it lacks', who: user('alice'), does: 'list /nodes team-a', may: false },
    { why: 'the same name in another group', who: user('alice'), does: 'list apps/pods team-a', may: false },
    { why: 'another namespace', who: user('alice'), does: 'list /pods team-b', may: false },
    { why: 'all namespaces', who: user('alice'), does: 'list /pods -', may: false },
    { why: 'a user without a binding', who: user('bob'), does: 'list /pods team-a', may: false },
    { why: 'a group', who: user('carol', 'devs'), does: 'list /pods team-a', may: true },
    { why: 'a user called like a group', who: user('devs'), does: 'list /pods team-a', may: false },
    {
      why: 'a service account of the namespace of the binding',
      who: user('system:serviceaccount:team-a:builder'),
      does: 'get /pods team-a p',
      may: true,
    },
    {
      why: 'a service account of another namespace',
      who: user('system:serviceaccount:team-b:builder'),
      does: 'get /pods team-a p',
      may: false,
    },
    {
      why: 'a service account that is named with its namespace',
      who: user('system:serviceaccount:team-b:other'),
      does: 'get /pods team-a p',
      may: true,
    },
    { why: 'a subresource is not its resource', who: user('alice'), does: 'get apps/deployments team-a d', may: false },
    { why: 'a subresource by its name', who: user('alice'), does: 'get apps/deployments/scale team-a d', may: true },
    { why: 'a resource is not its subresource', who: user('alice'), does: 'create /pods/binding team-a p', may: false },
    { why: 'a subresource of everything', who: user('alice'), does: 'get /pods/log team-a p', may: true },
    { why: 'an object by its name', who: user('alice'), does: 'get /secrets team-a mine', may: true },
    { why: 'an object of another name', who: user('alice'), does: 'get /secrets team-a theirs', may: false },
    { why: 'a collection, where names are given', who: user('alice'), does: 'list /secrets team-a', may: false },
    {
      why: 'every verb on a custom resource',
      who: user('alice'),
      does: 'polish example.com/widgets team-a w',
      may: true,
    },
    {
      why: 'a custom resource of another group',
      who: user('alice'),
      does: 'get other.com/widgets team-a w',
      may: false,
    },
    { why: 'everything, everywhere', who: user('root'), does: 'delete example.com/widgets/status -', may: true },
    {
      why: 'a binding to a role of another namespace',
      who: user('alice'),
      does: 'get /secrets team-b mine',
      may: false,
    },
  ])('$why: $who.name may $does: $may', ({ who, does, may }) => {
    expect(allows(planAllowed(ROLES, who, act(does)), act(does).name)).toBe(may);
    expect(planReason(ROLES, who, act(does)) !== undefined).toBe(may);
  });

  it.each([
    { who: user('alice', 'system:authenticated'), verb: 'get', path: '/healthz/etcd', may: true },
    { who: user('alice', 'system:authenticated'), verb: 'get', path: '/version', may: true },
    { who: user('alice', 'system:authenticated'), verb: 'get', path: '/version/more', may: false },
    { who: user('alice', 'system:authenticated'), verb: 'post', path: '/version', may: false },
    { who: user('alice'), verb: 'get', path: '/version', may: false },
    { who: user('eve', 'system:masters'), verb: 'post', path: '/anything', may: true },
  ])('$who.name may $verb $path: $may', ({ who, verb, path, may }) => {
    expect(planReason(ROLES, who, { verb, path }) !== undefined).toBe(may);
  });

  it('says why and why not in the words of Kubernetes', () => {
    expect(planReason(ROLES, user('alice'), act('list /pods team-a'))).toBe(
      'RBAC: allowed by RoleBinding "edit/team-a" of ClusterRole "edit" to User "alice"',
    );
    expect(refusalText(user('alice'), act('list /pods team-a'))).toBe(
      'User "alice" cannot list resource "pods" in API group "" in the namespace "team-a"',
    );
    expect(refusalText(user('alice'), act('get apps/deployments/scale - d'))).toBe(
      'User "alice" cannot get resource "deployments/scale" in API group "apps" at the cluster scope',
    );
  });
});

describe('what covers what', () => {
  it.each([
    { why: 'the same', owned: [rule('get', '', 'pods')], asked: [rule('get', '', 'pods')], left: 0 },
    {
      why: 'several rules together',
      owned: [rule('get', '', 'pods'), rule('list', '', 'pods')],
      asked: [rule('get,list', '', 'pods')],
      left: 0,
    },
    { why: 'a verb more', owned: [rule('get', '', 'pods')], asked: [rule('get,list', '', 'pods')], left: 1 },
    {
      why: 'a star where names are owned',
      owned: [rule('get,list', '', 'pods')],
      asked: [rule('*', '', 'pods')],
      left: 1,
    },
    {
      why: 'a star that is owned',
      owned: [rule('*', '*', '*')],
      asked: [rule('get', 'example.com', 'widgets/status')],
      left: 0,
    },
    {
      why: 'all names where some are owned',
      owned: [rule('get', '', 'secrets', 'a')],
      asked: [rule('get', '', 'secrets')],
      left: 1,
    },
    {
      why: 'a name where all are owned',
      owned: [rule('get', '', 'secrets')],
      asked: [rule('get', '', 'secrets', 'a')],
      left: 0,
    },
    {
      why: 'a subresource by its star',
      owned: [rule('get', '', '*/log')],
      asked: [rule('get', '', 'pods/log')],
      left: 0,
    },
    {
      why: 'a subresource where the resource is owned',
      owned: [rule('get', '', 'pods')],
      asked: [rule('get', '', 'pods/log')],
      left: 1,
    },
    { why: 'a path', owned: [urls('get', '/a/*')], asked: [urls('get', '/a/b,/a/*')], left: 0 },
    { why: 'a path outside', owned: [urls('get', '/a/*')], asked: [urls('get', '/b,/*')], left: 2 },
    { why: 'all resources are no path', owned: [rule('*', '*', '*')], asked: [urls('get', '/b')], left: 1 },
  ])('$why', ({ owned, asked, left }) => {
    expect(missingRules(owned, asked)).toHaveLength(left);
  });

  it('tells what is missing as Kubernetes does', () => {
    const asked = [rule('get,list,delete', '', 'pods,secrets'), rule('get', 'apps', 'deployments', 'web')];
    expect(refuseEscalation(user('alice', 'system:authenticated'), [rule('get', '', 'pods')], asked)).toBe(
      'user "alice" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["list" "delete"]}\n' +
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list" "delete"]}\n' +
        '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["web"], Verbs:["get"]}',
    );
  });

  it('does not count for hours', () => {
    const many = Array.from({ length: 3_000 }, (_, at) => `r${at}`);
    const asked = { verbs: ['get'], apiGroups: many, resources: many };
    expect(refuseEscalation(user('alice'), [], [asked])).toMatch(/^the rules name 9000000 combinations/);
  });
});
