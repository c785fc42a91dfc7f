import { expect, it } from 'vitest';
import type { KubeObject, Namespace } from '../../../contracts/kinds/kinds.ts';
import { type Heard, testWorld } from '../../kernel/testing/test-world.ts';
import { namespaceController } from './namespace.ts';
import { COLLECTION_MAX, planNamespace } from './plan-namespace.ts';

const LATER = '2026-01-01T00:00:00Z';
const shop = (more: { leaving?: boolean; phase?: string; finalizers?: string[] } = {}): Namespace => ({
  metadata: { name: 'shop', uid: 'ns', ...(more.leaving === true ? { deletionTimestamp: LATER } : {}) },
  spec: { finalizers: more.finalizers ?? ['kubernetes'] },
  status: { phase: more.phase ?? 'Active' },
});
const thing = (name: string, leaving = false): KubeObject => ({
  metadata: { name, namespace: 'shop', uid: name, ...(leaving ? { deletionTimestamp: LATER } : {}) },
});

it.each([
  { why: 'makes the default account', ns: shop(), contents: {}, plan: ['create-account'] },
  { why: 'rests when it is there', ns: shop(), contents: { serviceaccounts: [thing('default')] }, plan: [] },
  {
    why: 'empties a namespace on its way out',
    ns: shop({ leaving: true }),
    contents: { pods: [thing('p')], configmaps: [thing('c')] },
    plan: ['mark-terminating', 'delete-all pods', 'delete-all configmaps'],
  },
  {
    why: 'waits for what is on its way out',
    ns: shop({ leaving: true, phase: 'Terminating' }),
    contents: { pods: [thing('p', true)] },
    plan: [],
  },
  { why: 'lets go an empty one', ns: shop({ leaving: true, phase: 'Terminating' }), contents: {}, plan: ['finalize'] },
  { why: 'has done its part', ns: shop({ leaving: true, finalizers: ['other'] }), contents: {}, plan: [] },
])('$why', ({ ns, contents, plan }) => {
  const things = contents as Record<string, readonly KubeObject[]>;
  const effects = planNamespace(ns, new Map(Object.entries(things)));
  expect(effects.map((e) => (e.type === 'delete-all' ? `${e.type} ${e.resource}` : e.type))).toEqual(plan);
});

it('keeps the finalizers of others', () => {
  const ns = shop({ leaving: true, phase: 'Terminating', finalizers: ['other', 'kubernetes'] });
  expect(planNamespace(ns, new Map())).toEqual([{ type: 'finalize', finalizers: ['other'] }]);
});

it('empties a large namespace piece by piece', () => {
  const pods = Array.from({ length: COLLECTION_MAX + 5 }, (_, at) => thing(`p${at}`, at < 3));
  const effects = planNamespace(shop({ leaving: true, phase: 'Terminating' }), new Map([['pods', pods]]));
  expect(effects).toHaveLength(COLLECTION_MAX);
  expect(effects[0]).toMatchObject({ type: 'delete-one', object: { metadata: { name: 'p3' } } });
});

it('empties, waits, and lets go', () => {
  const world = testWorld(namespaceController);
  world.put('namespaces', shop());
  world.put('serviceaccounts', thing('default'));
  world.put('pods', thing('web'));
  world.start();
  expect(world.said()).toEqual([]);
  world.put('namespaces', shop({ leaving: true, phase: 'Terminating' }));
  world.settle();
  const [deletion] = world.said();
  expect(deletion?.subject).toBe('troupe.api.namespace.delete.pods.shop._');
  world.put('pods', thing('web', true));
  world.settle();
  world.answer(deletion as Heard, {});
  const [accounts] = world.said();
  expect(accounts?.subject).toBe('troupe.api.namespace.delete.serviceaccounts.shop._');
  world.remove('serviceaccounts', 'shop', 'default');
  world.settle().answer(accounts as Heard, {});
  expect(world.said()).toEqual([]);
  world.remove('pods', 'shop', 'web');
  world.settle();
  expect(world.said()).toMatchObject([
    { subject: 'troupe.api.namespace.update.namespaces=2Ffinalize._.shop', body: { spec: { finalizers: [] } } },
  ]);
});

it('what comes or changes in a namespace is no turn; what goes is', () => {
  const world = testWorld(namespaceController);
  world.put('namespaces', shop());
  world.put('serviceaccounts', thing('default'));
  world.start();
  const { length } = world.turns;
  world.put('pods', thing('web'));
  world.settle().put('pods', thing('web', true));
  world.settle();
  expect(world.turns).toHaveLength(length);
  world.remove('serviceaccounts', 'shop', 'default');
  world.settle();
  expect(world.said()).toMatchObject([{ subject: 'troupe.api.namespace.create.serviceaccounts.shop.default' }]);
});
