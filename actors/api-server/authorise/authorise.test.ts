import { beforeEach, describe, expect, it } from 'vitest';
import { HEADER } from '../../../contracts/headers.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import type { ApplyItem } from '../../../contracts/messages/api.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { type Body, LonelyApiServer } from '../../../test/support/lonely-api-server.ts';
import { DEFAULT_BINDINGS, DEFAULT_ROLES } from '../bootstrap/default-roles.ts';

/**
 * Goal: an api-server lets each user do what its roles say, in Kubernetes' words.
 * Method: one api-server with the default roles in the test world; alice may edit team-a, ada administers it, bob views it.
 */
const binding = (name: string, role: string, ...users: readonly string[]) => ({
  metadata: { name },
  roleRef: { kind: 'ClusterRole', name: role },
  subjects: users.map((user) => ({ kind: 'User', name: user })),
});
const role = (name: string, ...rules: readonly object[]) => ({ metadata: { name }, rules });
const READ_PODS = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
const READ_NODES = { verbs: ['get'], apiGroups: [''], resources: ['nodes'] };
const configMap = (name: string) => ({ metadata: { name }, data: { a: 'b' } });

let cluster: LonelyApiServer;
const as = (caller: string, verb: string, resource: string, place: readonly string[], body?: unknown): Body => {
  cluster.caller = caller;
  return cluster.ask(verb, resource, place, body);
};
const told = ({ message, code, kind }: Body): unknown => (kind === 'Status' && code !== 200 ? message : 'done');

beforeEach(() => {
  cluster = new LonelyApiServer({}, 'RBAC');
  for (const one of DEFAULT_ROLES) cluster.world.put('clusterroles', one as KubeObject);
  for (const one of DEFAULT_BINDINGS) cluster.world.put('clusterrolebindings', one as KubeObject);
  cluster.world.settle();
  as('operator', 'create', 'namespaces', [], { metadata: { name: 'team-a' } });
  as('operator', 'create', 'rolebindings', ['team-a'], binding('alice', 'edit', 'alice'));
  as('operator', 'create', 'rolebindings', ['team-a'], binding('ada', 'admin', 'ada'));
  as('operator', 'create', 'rolebindings', ['team-a'], binding('bob', 'view', 'bob'));
});

const cannot = (user: string, what: string, named = ''): string => {
  const [verb = '', resource = '', group = ''] = what.split(' ');
  const qualified = `${resource.split('/')[0]}${group === '' ? '' : `.${group}`}${named === '' ? '' : ` "${named}"`}`;
  return `${qualified} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "${group}" in the namespace "team-a"`;
};

it.each([
  { who: 'alice', does: 'create configmaps', body: configMap('c'), is: 'done' },
  { who: 'bob', does: 'create configmaps', body: configMap('c'), is: cannot('bob', 'create configmaps') },
  { who: 'bob', does: 'list configmaps', is: 'done' },
  { who: 'bob', does: 'list secrets', is: cannot('bob', 'list secrets') },
  { who: 'bob', does: 'get pods/log p', is: 'pods "p" not found' },
  { who: 'bob', does: 'delete pods p', is: cannot('bob', 'delete pods', 'p') },
  { who: 'bob', does: 'delete pods', is: cannot('bob', 'deletecollection pods') },
  { who: 'bob', does: 'watch secrets', is: cannot('bob', 'watch secrets') },
  { who: 'bob', does: 'patch deployments/scale d', body: {}, is: cannot('bob', 'patch deployments/scale apps', 'd') },
  { who: 'alice', does: 'create pods/binding p', body: {}, is: cannot('alice', 'create pods/binding', 'p') },
  { who: 'alice', does: 'patch pods/status p', body: {}, is: cannot('alice', 'patch pods/status', 'p') },
  {
    who: 'alice',
    does: 'create roles',
    body: role('r'),
    is: cannot('alice', 'create roles rbac.authorization.k8s.io'),
  },
  { who: 'eve', does: 'get configmaps c', is: cannot('eve', 'get configmaps', 'c') },
  { who: 'eve', does: 'apply configmaps c', body: configMap('c'), is: cannot('eve', 'get configmaps', 'c') },
  { who: 'bob', does: 'apply configmaps c', body: configMap('c'), is: cannot('bob', 'create configmaps') },
  { who: 'alice', does: 'apply configmaps c', body: configMap('c'), is: 'done' },
  { who: 'one', does: 'delete configmaps', is: cannot('one', 'deletecollection configmaps') },
  { who: 'master', does: 'delete configmaps', is: 'done' },
])('$who: $does', ({ who, does, body, is }) => {
  const [verb = '', resource = '', name = ''] = does.split(' ');
  expect(told(as(who, verb, resource, ['team-a', name], body))).toBe(is);
});

it('what is in no namespace takes a role everywhere', () => {
  expect(as('alice', 'list', 'nodes', [])).toMatchObject({
    reason: 'Forbidden',
    code: 403,
    message: 'nodes is forbidden: User "alice" cannot list resource "nodes" in API group "" at the cluster scope',
    details: { kind: 'nodes' },
  });
  expect(told(as('alice', 'list', 'pods', []))).toMatch(
    /cannot list resource "pods" in API group "" at the cluster scope$/,
  );
  expect(told(as('alice', 'get', 'namespaces', ['', 'team-a']))).toBe('done');
  expect(told(as('alice', 'get', 'namespaces', ['', 'default']))).toMatch(/in the namespace "default"$/);
});

it('a role counts from the moment when it is bound, and no longer than it is', () => {
  expect(told(as('eve', 'list', 'pods', ['team-a']))).toMatch(/^pods is forbidden/);
  as('operator', 'create', 'rolebindings', ['team-a'], binding('eve', 'view', 'eve'));
  expect(told(as('eve', 'list', 'pods', ['team-a']))).toBe('done');
  as('operator', 'delete', 'rolebindings', ['team-a', 'eve']);
  expect(told(as('eve', 'list', 'pods', ['team-a']))).toMatch(/^pods is forbidden/);
});

it('a manifest is authorised document by document', () => {
  as('alice', 'create', 'configmaps', ['team-a'], configMap('there'));
  const documents = ['there', 'new'].map((name) => ({ apiVersion: 'v1', kind: 'ConfigMap', ...configMap(name) }));
  const manifest = [...documents, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }];
  const bytes = new TextEncoder().encode(JSON.stringify({ kind: 'List', apiVersion: 'v1', items: manifest }));
  const reply = '_INBOX.bob.manifest';
  cluster.world.call(SUBJECTS.apply, { caller: 'bob', namespace: 'team-a' }, bytes, { reply });
  cluster.serve();
  const { items } = cluster.answers.get(reply) as unknown as { items: readonly ApplyItem[] };
  expect(items.map(({ status }) => status?.message)).toEqual([
    cannot('bob', 'patch configmaps', 'there'),
    cannot('bob', 'create configmaps'),
    cannot('bob', 'get secrets', 's'),
  ]);
});

describe('nobody gives away what he does not have', () => {
  const R = 'roles.rbac.authorization.k8s.io';
  const B = 'rolebindings.rbac.authorization.k8s.io';
  const lacks = (what: string) =>
    `is forbidden: user "ada" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n${what}`;
  const NODES = '{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}';

  it.each([
    { why: 'a role with her own rights', verb: 'create', resource: 'roles', body: role('r', READ_PODS), is: 'done' },
    {
      why: 'a role with more',
      verb: 'create',
      resource: 'roles',
      body: role('r', READ_NODES),
      is: `${R} "r" ${lacks(NODES)}`,
    },
    {
      why: 'the same by apply',
      verb: 'apply',
      resource: 'roles',
      body: role('r', READ_NODES),
      is: `${R} "r" ${lacks(NODES)}`,
    },
    {
      why: 'her own role for another',
      verb: 'create',
      resource: 'rolebindings',
      body: binding('b', 'admin', 'eve'),
      is: 'done',
    },
    {
      why: 'a role of a cluster administrator',
      verb: 'create',
      resource: 'rolebindings',
      body: binding('b', 'cluster-admin', 'ada'),
      is: `${B} "b" ${lacks('{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["*"], Verbs:["*"]}')}`,
    },
    {
      why: 'a role that does not exist',
      verb: 'create',
      resource: 'rolebindings',
      body: binding('b', 'nothing', 'ada'),
      is: 'clusterroles.rbac.authorization.k8s.io "nothing" not found',
    },
  ])('$why', ({ verb, resource, body, is }) => {
    expect(told(as('ada', verb, resource, ['team-a', body.metadata.name], body))).toBe(is);
  });

  it('by an update or a patch neither, though she may change what gives nothing', () => {
    as('operator', 'create', 'roles', ['team-a'], role('r', READ_NODES));
    expect(told(as('ada', 'patch', 'roles', ['team-a', 'r'], { metadata: { labels: { a: 'b' } } }))).toContain(
      lacks(NODES),
    );
    expect(told(as('ada', 'patch', 'roles', ['team-a', 'r'], { metadata: { finalizers: ['a.b/c'] } }))).toBe('done');
    expect(told(as('ada', 'update', 'roles', ['team-a', 'r'], role('r', READ_PODS)))).toBe('done');
    expect(told(as('ada', 'patch', 'roles', ['team-a', 'r'], { rules: [READ_NODES] }))).toContain(lacks(NODES));
    expect(told(as('ada', 'patch', 'rolebindings', ['team-a', 'bob'], { roleRef: { name: 'admin' } }))).toMatch(
      /roleRef: Invalid value: .*: cannot change roleRef$/,
    );
  });

  it('except by the verbs escalate and bind', () => {
    const may = (verb: string, resource: string, name: string) => ({
      verbs: [verb],
      apiGroups: ['rbac.authorization.k8s.io'],
      resources: [resource],
      resourceNames: [name],
    });
    as(
      'operator',
      'create',
      'roles',
      ['team-a'],
      role('more', may('escalate', 'roles', 'r'), may('bind', 'clusterroles', 'cluster-admin')),
    );
    as('operator', 'create', 'rolebindings', ['team-a'], {
      ...binding('more', 'more', 'ada'),
      roleRef: { kind: 'Role', name: 'more' },
    });
    expect(told(as('ada', 'create', 'roles', ['team-a'], role('r', READ_NODES)))).toBe('done');
    expect(told(as('ada', 'create', 'roles', ['team-a'], role('other', READ_NODES)))).toContain(lacks(NODES));
    expect(told(as('ada', 'create', 'rolebindings', ['team-a'], binding('b', 'cluster-admin', 'eve')))).toBe('done');
  });
});

describe('questions about rights', () => {
  const AUTHORIZATION = 'authorization.k8s.io/v1';
  const canI = (who: string, resourceAttributes: object): unknown =>
    as(who, 'create', 'selfsubjectaccessreviews', [], {
      apiVersion: AUTHORIZATION,
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    })['status'];

  it('may I?', () => {
    expect(canI('bob', { verb: 'list', resource: 'pods', namespace: 'team-a' })).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "bob/team-a" of ClusterRole "view" to User "bob"',
    });
    expect(canI('bob', { verb: 'delete', resource: 'pods', namespace: 'team-a' })).toEqual({ allowed: false });
    expect(canI('bob', { verb: 'list', resource: 'pods' })).toEqual({ allowed: false });
    expect(canI('operator', { verb: 'polish', group: 'example.com', resource: 'widgets' })).toEqual({ allowed: true });
  });

  it('who am I, and what may I?', () => {
    expect(as('bob', 'create', 'selfsubjectreviews', [])['status']).toEqual({
      userInfo: { username: 'bob', groups: ['system:authenticated'] },
    });
    const { resourceRules } = as('bob', 'create', 'selfsubjectrulesreviews', [], { spec: { namespace: 'team-a' } })[
      'status'
    ] as { resourceRules: readonly object[] };
    expect(resourceRules).toContainEqual({
      verbs: ['get', 'list', 'watch'],
      apiGroups: ['discovery.k8s.io'],
      resources: ['endpointslices'],
    });
  });

  it('may others? Only who may ask', () => {
    const spec = { user: 'bob', resourceAttributes: { verb: 'list', resource: 'pods', namespace: 'team-a' } };
    expect(as('operator', 'create', 'subjectaccessreviews', [], { spec })['status']).toMatchObject({ allowed: true });
    expect(told(as('ada', 'create', 'subjectaccessreviews', [], { spec }))).toMatch(
      /cannot create resource "subjectaccessreviews"/,
    );
    expect(as('ada', 'create', 'localsubjectaccessreviews', ['team-a'], { spec })['status']).toMatchObject({
      allowed: true,
    });
    expect(told(as('bob', 'create', 'localsubjectaccessreviews', ['team-a'], { spec }))).toMatch(
      /^localsubject.*is forbidden/,
    );
  });

  it.each([
    ['a spec of the wrong form', { spec: { resourceAttributes: 'x' } }, /spec\.resourceAttributes/],
    ['no attributes', { spec: {} }, /exactly one of nonResourceAttributes or resourceAttributes/],
    ['no object', 'x', /must be a SelfSubjectAccessReview object/],
  ])('%s is refused', (_why, body, finding) => {
    expect(told(as('bob', 'create', 'selfsubjectaccessreviews', [], body))).toMatch(finding);
  });
});

describe('a gateway', () => {
  const edge = (
    gateway: string,
    headers: Readonly<Record<string, string>>,
    verb: string,
    resource: string,
    place: readonly string[],
  ): Body => {
    const [namespace = '', name = ''] = place;
    const reply = `_INBOX.${gateway}.1`;
    cluster.world.call(SUBJECTS.edge, { gateway, verb, resource, namespace, name }, undefined, { reply, headers });
    cluster.serve();
    return cluster.answers.get(reply) as Body;
  };
  const user = (name: string, ...groups: readonly string[]) => ({
    [HEADER.user]: name,
    ...(groups.length === 0 ? {} : { [HEADER.groups]: JSON.stringify(groups) }),
  });

  it.each([
    { why: 'asks for a user', headers: user('bob'), is: 'done' },
    { why: 'asks for a user without a role', headers: user('eve'), is: cannot('eve', 'list pods') },
    { why: 'asks for a member of a group', headers: user('eve', 'system:masters'), is: 'done' },
    {
      why: 'asks for one who is called like an operator',
      headers: user('operator'),
      is: cannot('operator', 'list pods'),
    },
    { why: 'asks for one who is called like a node', headers: user('node-n1'), is: cannot('node-n1', 'list pods') },
    {
      why: 'asks for nobody',
      headers: {},
      is: 'Unauthorized: header Troupe-User must name the user for whom gateway "http" asks',
    },
    {
      why: 'names groups that are no list',
      headers: { [HEADER.user]: 'bob', [HEADER.groups]: 'system:masters' },
      is: 'Unauthorized: header Troupe-Groups is not JSON',
    },
  ])('$why', ({ headers, is }) => {
    expect(told(edge('http', headers, 'list', 'pods', ['team-a']))).toBe(is);
  });

  it('is asked who it speaks for', () => {
    const headers = { ...user('bob', 'devs'), [HEADER.extra]: '{"scopes":["a"]}' };
    expect(edge('http', headers, 'create', 'selfsubjectreviews', [])['status']).toEqual({
      userInfo: { username: 'bob', groups: ['devs', 'system:authenticated'], extra: { scopes: ['a'] } },
    });
  });

  it('is alone with these headers: nobody else is believed', () => {
    cluster.caller = 'bob';
    const answer = cluster.ask('list', 'secrets', ['team-a'], undefined, user('operator', 'system:masters'));
    expect(told(answer)).toBe(cannot('bob', 'list secrets'));
  });
});
