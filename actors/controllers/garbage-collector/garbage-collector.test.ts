import { expect, it } from 'vitest';
import type { KubeObject, OwnerReference } from '../../../contracts/kinds/kinds.ts';
import { type Heard, testWorld } from '../../kernel/test-world.ts';
import { garbageCollector } from './garbage-collector.ts';
import { type GarbageEffect, planDependent, planOwner } from './plan-garbage.ts';

const LATER = '2026-01-01T00:00:00Z';
const ref = (uid: string, kind = 'ReplicaSet'): OwnerReference => ({
  apiVersion: 'apps/v1',
  kind,
  name: uid,
  uid,
  controller: true,
  blockOwnerDeletion: true,
});
const thing = (
  name: string,
  more: { owners?: OwnerReference[]; leaving?: boolean; finalizers?: string[]; namespace?: string } = {},
): KubeObject => ({
  metadata: {
    name,
    namespace: more.namespace ?? 'shop',
    uid: name,
    ...(more.owners === undefined ? {} : { ownerReferences: more.owners }),
    ...(more.leaving === true ? { deletionTimestamp: LATER } : {}),
    ...(more.finalizers === undefined ? {} : { finalizers: more.finalizers }),
  },
});
const brief = (effect: GarbageEffect): string =>
  effect.type === 'delete'
    ? `delete ${effect.object.metadata?.name} ${effect.policy}`
    : effect.type === 'set-owners'
      ? `owners ${effect.object.metadata?.name} ${effect.owners.map(({ uid }) => uid).join()}`
      : `finalizers ${effect.object.metadata?.name} ${effect.finalizers.join()}`;
const foreground = thing('set', { leaving: true, finalizers: ['foregroundDeletion'] });

it.each([
  { why: 'nobody owns it', object: thing('p'), live: [], plan: [] },
  { why: 'its owner lives', object: thing('p', { owners: [ref('set')] }), live: [thing('set')], plan: [] },
  { why: 'its owner is gone', object: thing('p', { owners: [ref('set')] }), live: [], plan: ['delete p Background'] },
  {
    why: 'an owner elsewhere is no owner',
    object: thing('p', { owners: [ref('set')] }),
    live: [thing('set', { namespace: 'x' })],
    plan: ['delete p Background'],
  },
  {
    why: 'a cluster-scoped owner owns everywhere',
    object: thing('p', { owners: [ref('n', 'Node')] }),
    live: [thing('n', { namespace: '' })],
    plan: [],
  },
  {
    why: 'one of two owners is gone',
    object: thing('p', { owners: [ref('a'), ref('b')] }),
    live: [thing('b')],
    plan: ['owners p b'],
  },
  {
    why: 'what can not be seen is not known to be gone',
    object: thing('p', { owners: [ref('w', 'Widget')] }),
    live: [],
    plan: [],
  },
  {
    why: 'its owner waits for it',
    object: thing('p', { owners: [ref('set')] }),
    live: [foreground],
    plan: ['delete p Background'],
  },
  {
    why: 'its owner waits for it, and it has dependents',
    object: thing('p', { owners: [ref('set')] }),
    live: [foreground],
    dependents: true,
    plan: ['delete p Foreground'],
  },
  { why: 'it is on its way out', object: thing('p', { owners: [ref('set')], leaving: true }), live: [], plan: [] },
])('$why', ({ object, live, dependents, plan }) => {
  const owner = (uid: string) => live.find(({ metadata }) => metadata?.uid === uid);
  expect(planDependent(object, owner, dependents ?? false).map(brief)).toEqual(plan);
});

it.each([
  {
    why: 'a living owner asks nothing',
    owner: thing('set'),
    dependents: [thing('p', { owners: [ref('set')] })],
    plan: [],
  },
  {
    why: 'orphans forget first',
    owner: thing('set', { leaving: true, finalizers: ['orphan'] }),
    dependents: [thing('p', { owners: [ref('set')] })],
    plan: ['owners p '],
  },
  {
    why: 'then it goes',
    owner: thing('set', { leaving: true, finalizers: ['x', 'orphan'] }),
    dependents: [],
    plan: ['finalizers set x'],
  },
  { why: 'waits for who blocks it', owner: foreground, dependents: [thing('p', { owners: [ref('set')] })], plan: [] },
  {
    why: 'but for nobody else',
    owner: foreground,
    dependents: [thing('p', { owners: [{ ...ref('set'), blockOwnerDeletion: false }] })],
    plan: ['finalizers set '],
  },
])('owner: $why', ({ owner, dependents, plan }) => {
  expect(planOwner(owner, dependents).map(brief)).toEqual(plan);
});

it('deletes down the tree as owners go', () => {
  const world = testWorld(garbageCollector);
  world.put('deployments', thing('web'));
  world.put('replicasets', thing('set', { owners: [ref('web', 'Deployment')] }));
  world.put('pods', thing('p1', { owners: [ref('set')] }));
  world.put('pods', thing('p2', { owners: [ref('set')] }));
  world.start();
  expect(world.said()).toEqual([]);
  world.remove('deployments', 'shop', 'web');
  world.settle();
  const [set] = world.said();
  expect(set).toMatchObject({
    subject: 'troupe.api.garbage-collector.delete.replicasets.shop.set',
    body: { preconditions: { uid: 'set' } },
  });
  world.remove('replicasets', 'shop', 'set');
  world.settle().answer(set as Heard, {});
  const [first] = world.said();
  expect(first?.subject).toBe('troupe.api.garbage-collector.delete.pods.shop.p1');
  world.remove('pods', 'shop', 'p1');
  world.settle().answer(first as Heard, {});
  expect(world.said()[0]?.subject).toBe('troupe.api.garbage-collector.delete.pods.shop.p2');
});

it('an object that comes with an owner that never was goes again', () => {
  const world = testWorld(garbageCollector).start();
  world.put('pods', thing('p', { owners: [ref('nobody')] }));
  world.settle();
  expect(world.said().map(({ subject }) => subject)).toEqual(['troupe.api.garbage-collector.delete.pods.shop.p']);
});

it('foreground: dependents first, then the owner', () => {
  const world = testWorld(garbageCollector);
  world.put('replicasets', thing('set'));
  world.put('pods', thing('p', { owners: [ref('set')] }));
  world.start();
  world.put('replicasets', foreground);
  world.settle();
  const [deletion] = world.said();
  expect(deletion?.subject).toContain('delete.pods.shop.p');
  world.remove('pods', 'shop', 'p');
  world.settle().answer(deletion as Heard, {});
  expect(world.said()).toMatchObject([
    { subject: 'troupe.api.garbage-collector.patch.replicasets.shop.set', body: { metadata: { finalizers: [] } } },
  ]);
});
