import { expect, it } from 'vitest';
import type { KubeObject, OwnerReference } from '../../../contracts/kinds/kinds.ts';
import { BUILT_IN } from '../../../contracts/kinds/registry.ts';
import { type Heard, testWorld } from '../../kernel/testing/test-world.ts';
import { garbageCollector } from './garbage-collector.ts';
import { type GarbageEffect, planDependent, planOwner } from './plan-garbage.ts';

const LATER = '2026-01-01T00:00:00Z';
const ref = (uid: string, kind = 'ReplicaSet'): OwnerReference => ({
  apiVersion: kind === 'ReplicaSet' || kind === 'Deployment' ? 'apps/v1' : 'v1',
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
      ? `owners ${effect.object.metadata?.name} ${effect.owners.map(({ uid, blockOwnerDeletion }) => `${uid}${blockOwnerDeletion === false ? '*' : ''}`).join()}`
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
    why: 'nor is its namesake of another group',
    object: thing('p', { owners: [{ ...ref('set'), apiVersion: 'acme.example/v1' }] }),
    live: [],
    plan: [],
  },
  {
    why: 'without a namespace of its own it can not tell where its owner would be',
    object: thing('n', { owners: [ref('set')], namespace: '' }),
    live: [thing('set')],
    plan: [],
  },
  {
    why: 'its owner has no namespace either, and is gone',
    object: thing('n', { owners: [ref('m', 'Node')], namespace: '' }),
    live: [],
    plan: ['delete n Background'],
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
    dependents: [thing('q', { owners: [ref('p')] })],
    plan: ['delete p Foreground'],
  },
  {
    why: 'its owner waits for it, and will be waited for by it: it blocks nobody any more',
    object: thing('p', { owners: [ref('set')] }),
    live: [foreground],
    dependents: [foreground],
    plan: ['owners p set*'],
  },
  {
    why: 'and then goes',
    object: thing('p', { owners: [{ ...ref('set'), blockOwnerDeletion: false }] }),
    live: [foreground],
    dependents: [foreground],
    plan: ['delete p Foreground'],
  },
  { why: 'it is on its way out', object: thing('p', { owners: [ref('set')], leaving: true }), live: [], plan: [] },
])('$why', ({ object, live, dependents, plan }) => {
  const owner = (uid: string) => live.find(({ metadata }) => metadata?.uid === uid);
  expect(planDependent(object, BUILT_IN, owner, dependents ?? []).map(brief)).toEqual(plan);
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
    why: 'nor for itself',
    owner: foreground,
    dependents: [thing('set', { owners: [ref('set')], leaving: true, finalizers: ['foregroundDeletion'] })],
    plan: ['finalizers set '],
  },
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

it.each([
  { why: 'their owner is gone', owner: undefined },
  { why: 'their owner waits for them', owner: foreground },
])('thousands of pods that go one by one, as $why, take each the time of one', ({ owner }) => {
  const world = testWorld(garbageCollector);
  if (owner !== undefined) world.put('replicasets', owner);
  const names = Array.from({ length: 2_000 }, (_, at) => `p${at}`);
  for (const name of names) world.put('pods', thing(name, { owners: [ref('set')], leaving: true }));
  world.start();
  const before = process.cpuUsage(); // others may keep the machine busy meanwhile
  for (const name of names) {
    world.remove('pods', 'shop', name);
    world.settle();
  }
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(3_000); // 200 by itself, 5,500 when it looked at all of them
  expect(world.said()).toHaveLength(owner === undefined ? 0 : 1);
});

it('foreground: a circle of owners goes too', () => {
  const world = testWorld(garbageCollector);
  const objects = new Map<string, KubeObject>();
  const put = (object: KubeObject): void => {
    objects.set(object.metadata?.name ?? '', object);
    world.put('configmaps', object);
  };
  const circle = [
    ['a', 'c'],
    ['b', 'a'],
    ['c', 'b'],
  ] as const;
  for (const [name, owner] of circle) put(thing(name, { owners: [ref(owner, 'ConfigMap')] }));
  world.start();
  put(thing('a', { owners: [ref('c', 'ConfigMap')], leaving: true, finalizers: ['foregroundDeletion'] }));
  world.settle();
  /** An api-server as small as can be. */
  const serve = (heard: Heard): void => {
    const [, , , verb, , , name = ''] = heard.subject.split('.');
    const object = objects.get(name);
    const body = heard.body as { propagationPolicy?: string; metadata?: KubeObject['metadata'] };
    if (object === undefined) return void world.answer(heard, {});
    const held = verb === 'delete' ? body.propagationPolicy === 'Foreground' : true;
    const metadata =
      verb === 'delete'
        ? { ...object.metadata, deletionTimestamp: LATER, finalizers: ['foregroundDeletion'] }
        : { ...object.metadata, ...body.metadata };
    if (held && !(metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0)) {
      put({ ...object, metadata });
    } else {
      objects.delete(name);
      world.remove('configmaps', 'shop', name);
    }
    world.settle().answer(heard, {});
  };
  for (let rounds = 0; rounds < 30; rounds++) for (const heard of world.said()) serve(heard);
  expect([...objects.keys()]).toEqual([]);
});
