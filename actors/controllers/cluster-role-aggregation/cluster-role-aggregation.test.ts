import { expect, it } from 'vitest';
import type { ClusterRole, PolicyRule } from '../../../contracts/kinds/kinds.ts';
import { type Heard, testWorld } from '../../kernel/testing/test-world.ts';
import { clusterRoleAggregation } from './cluster-role-aggregation.ts';
import { planAggregation } from './plan-aggregation.ts';

const read = (resource: string): PolicyRule => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });
interface Facts {
  /** Is a part of. */
  readonly to?: readonly string[];
  /** Aggregates what is a part of it. */
  readonly whole?: boolean;
  readonly rules?: readonly PolicyRule[];
}
const role = (name: string, { to = [], whole = false, rules = [] }: Facts): ClusterRole => ({
  metadata: { name, labels: Object.fromEntries(to.map((one) => [`to-${one}`, 'true'])) },
  rules: [...rules],
  ...(whole ? { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [`to-${name}`]: 'true' } }] } } : {}),
});

it.each([
  { why: 'no role aggregates', roles: [role('a', { rules: [read('pods')] })], becomes: {} },
  {
    why: 'the parts in the order of their names, each rule once',
    roles: [
      role('all', { whole: true }),
      role('b', { to: ['all'], rules: [read('pods'), read('nodes')] }),
      role('a', { to: ['all'], rules: [read('secrets'), read('pods')] }),
      role('c', { to: ['other'], rules: [read('events')] }),
    ],
    becomes: { all: ['secrets', 'pods', 'nodes'] },
  },
  {
    why: 'it has them',
    roles: [role('all', { whole: true, rules: [read('pods')] }), role('a', { to: ['all'], rules: [read('pods')] })],
    becomes: {},
  },
  {
    why: 'what somebody wrote into it goes',
    roles: [role('all', { whole: true, rules: [read('pods')] })],
    becomes: { all: [] },
  },
  {
    why: 'its own rules are no part of it',
    roles: [role('all', { whole: true, to: ['all'], rules: [read('pods')] })],
    becomes: { all: [] },
  },
])('$why', ({ roles, becomes }) => {
  const planned = planAggregation(roles).map(({ name, rules }) => [
    name,
    rules.flatMap(({ resources = [] }) => resources),
  ]);
  expect(Object.fromEntries(planned)).toEqual(becomes);
});

it('a role that is a part of a part arrives in the whole', () => {
  const world = testWorld(clusterRoleAggregation);
  world.put('clusterroles', role('admin', { whole: true }));
  world.put('clusterroles', role('edit', { whole: true, to: ['admin'] }));
  world.start();
  expect(world.said()).toEqual([]);
  world.put('clusterroles', role('widgets', { to: ['edit'], rules: [read('widgets')] }));
  world.settle();
  for (let heard = world.said(); heard.length > 0; heard = world.said())
    for (const one of heard) {
      const name = (one as Heard).subject.split('.').at(-1) ?? '';
      const found = world.cache.get('clusterroles', undefined, name) as ClusterRole;
      world.put('clusterroles', { ...found, ...(one.body as Partial<ClusterRole>) });
      world.settle().answer(one, {});
    }
  for (const name of ['edit', 'admin'])
    expect((world.cache.get('clusterroles', undefined, name) as ClusterRole).rules).toEqual([read('widgets')]);
});
