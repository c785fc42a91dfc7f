import { describe, expect, it } from 'vitest';
import { admit } from '../../../contracts/kinds/admit.ts';
import { clusterRoleBindingKind } from '../../../contracts/kinds/cluster-role-binding/cluster-role-binding.ts';
import { clusterRoleKind } from '../../../contracts/kinds/cluster-role/cluster-role.ts';
import type { ClusterRole, ClusterRoleBinding } from '../../../contracts/kinds/kinds.ts';
import { missingRules } from '../authorise/plan-escalation.ts';
import { AUTOUPDATE, DEFAULT_BINDINGS, DEFAULT_ROLES } from './default-roles.ts';
import { planReconcile } from './plan-reconcile.ts';

const roleCalled = (name: string): ClusterRole =>
  DEFAULT_ROLES.find(({ metadata }) => metadata?.name === name) as ClusterRole;
const stored = <T>(object: T): T => structuredClone(object);
const READ_WIDGETS = { verbs: ['get'], apiGroups: ['example.com'], resources: ['widgets'] };
const view = roleCalled('system:aggregate-to-view');
const basic = DEFAULT_BINDINGS[1] as ClusterRoleBinding;

describe('a default role', () => {
  it.each<{ why: string; wanted: ClusterRole; found: ClusterRole | undefined; becomes: object }>([
    { why: 'is not there', wanted: view, found: undefined, becomes: { type: 'create', object: view } },
    { why: 'is as it should be', wanted: view, found: stored(view), becomes: { type: 'keep' } },
    {
      why: 'got more rights: they stay',
      wanted: view,
      found: { ...stored(view), rules: [...(view.rules ?? []), READ_WIDGETS] },
      becomes: { type: 'keep' },
    },
    {
      why: 'lacks rights: they are added behind those of others',
      wanted: { ...view, rules: [READ_WIDGETS, { ...READ_WIDGETS, verbs: ['list'] }] },
      found: { ...stored(view), rules: [READ_WIDGETS] },
      becomes: { type: 'update', object: { rules: [READ_WIDGETS, { ...READ_WIDGETS, verbs: ['list'] }] } },
    },
    {
      why: 'lacks rights, but is not to be updated',
      wanted: view,
      found: { ...stored(view), rules: [], metadata: { name: 'view', annotations: { [AUTOUPDATE]: 'false' } } },
      becomes: { type: 'keep' },
    },
    {
      why: 'lost its label',
      wanted: view,
      found: { ...stored(view), metadata: { ...view.metadata, labels: { mine: 'too' } } },
      becomes: { type: 'update', object: { metadata: { labels: { mine: 'too', ...view.metadata?.labels } } } },
    },
    {
      why: 'has the rules that were aggregated, whatever they are',
      wanted: roleCalled('edit'),
      found: { ...stored(roleCalled('edit')), rules: [READ_WIDGETS] },
      becomes: { type: 'keep' },
    },
  ])('$why', ({ wanted, found, becomes }) => {
    expect(planReconcile(wanted, found)).toMatchObject(becomes);
  });
});

describe('a default binding', () => {
  it.each<{ why: string; found: ClusterRoleBinding; becomes: object }>([
    { why: 'is as it should be', found: stored(basic), becomes: { type: 'keep' } },
    {
      why: 'lacks its group',
      found: { ...stored(basic), subjects: [{ kind: 'User', name: 'x' }] },
      becomes: { type: 'update', object: { subjects: [{ kind: 'User', name: 'x' }, ...(basic.subjects ?? [])] } },
    },
    {
      why: 'refers to another role, which cannot be changed',
      found: { ...stored(basic), roleRef: { ...basic.roleRef, name: 'view' } },
      becomes: { type: 'replace', object: basic },
    },
  ])('$why', ({ found, becomes }) => {
    expect(planReconcile(basic, found)).toMatchObject(becomes);
  });
});

it('the defaults are valid, and each role of tenants has what the weaker one has', () => {
  for (const role of DEFAULT_ROLES)
    expect(admit(clusterRoleKind, role, { operation: 'create' }).status).toBeUndefined();
  for (const one of DEFAULT_BINDINGS)
    expect(admit(clusterRoleBindingKind, one, { operation: 'create' }).status).toBeUndefined();
  const [viewer, editor, admin] = ['view', 'edit', 'admin'].map((name) => roleCalled(name).rules ?? []);
  expect(missingRules(editor ?? [], viewer ?? [])).toEqual([]);
  expect(missingRules(admin ?? [], editor ?? [])).toEqual([]);
  expect(missingRules(viewer ?? [], [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'] }])).toHaveLength(1);
});
