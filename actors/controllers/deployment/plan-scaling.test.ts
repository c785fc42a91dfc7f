import { describe, expect, it } from 'vitest';
import type { Deployment, ReplicaSet, ReplicaSetStatus } from '../../../contracts/kinds/kinds.ts';
import { planScaling, wasScaled } from './plan-proportional-scaling.ts';
import { planRecreate } from './plan-recreate.ts';
import { planRollingUpdate } from './plan-rolling-update.ts';
import type { Resize } from './replica-counts.ts';
import { DESIRED, MAX } from './revision-annotations.ts';

const LIMITS = { maxSurge: 3, maxUnavailable: 2 };

const web = (replicas: number, more: { type?: string; has?: number } = {}): Deployment => ({
  metadata: { name: 'web' },
  spec: { replicas, selector: {}, template: {}, strategy: { type: more.type ?? 'RollingUpdate' } },
  status: { replicas: more.has ?? 0 },
});

interface Made {
  readonly desired?: number;
  readonly max?: number;
  readonly generation?: number;
  readonly status?: Partial<ReplicaSetStatus>;
}
/** Sets are named by their age: `a` is older than `b`. All that a set wants is there, unless its status says otherwise. */
const set = (name: string, replicas: number, { desired, max, generation = 1, status }: Made = {}): ReplicaSet => ({
  metadata: {
    name,
    generation,
    annotations: {
      ...(desired === undefined ? {} : { [DESIRED]: String(desired) }),
      ...(max === undefined ? {} : { [MAX]: String(max) }),
    },
  },
  spec: { replicas, selector: {} },
  status: { replicas, availableReplicas: replicas, observedGeneration: 1, ...status },
});

const told = (resizes: readonly Resize[]): Readonly<Record<string, number>> =>
  Object.fromEntries(resizes.map((resize) => [resize.set.metadata?.name, resize.replicas]));

it.each([
  { why: 'not yet, where no set was sized for a number', sets: [set('a', 2)], is: false },
  { why: 'a set was sized for another number', sets: [set('a', 2, { desired: 2 })], is: true },
  { why: 'a set was sized for this number', sets: [set('a', 2, { desired: 5 })], is: false },
  { why: 'what an empty set was sized for is past', sets: [set('a', 0, { desired: 2 })], is: false },
])('wasScaled: $why', ({ sets, is }) => {
  expect(wasScaled(web(5), sets)).toBe(is);
});

interface Row {
  readonly why: string;
  readonly of: Deployment;
  readonly now?: ReplicaSet;
  readonly olds?: readonly ReplicaSet[];
  readonly becomes: Readonly<Record<string, number>>;
}

describe('planScaling', () => {
  it.each<Row>([
    { why: 'the one active set takes it all', of: web(5), now: set('b', 0), olds: [set('a', 2)], becomes: { a: 5 } },
    { why: 'with none active, the new one', of: web(5), now: set('b', 0), olds: [set('a', 0)], becomes: { b: 5 } },
    { why: 'without a new one, the youngest', of: web(5), olds: [set('b', 0), set('a', 0)], becomes: { b: 5 } },
    {
      why: 'once the new set has all that is wanted, old ones go',
      of: web(5),
      now: set('c', 5, { desired: 5 }),
      olds: [set('a', 1), set('b', 2)],
      becomes: { a: 0, b: 0 },
    },
    {
      why: 'Recreate: nothing is shared out among several',
      of: web(15, { type: 'Recreate' }),
      now: set('b', 5, { max: 13 }),
      olds: [set('a', 8, { max: 13 })],
      becomes: {},
    },
    {
      why: 'once all is shared out the rest keep what they have: the newer of equals grow',
      of: web(2),
      now: set('c', 1, { max: 3 }),
      olds: [set('a', 1, { max: 3 }), set('b', 1, { max: 3 })],
      becomes: { b: 2, c: 2 },
    },
    {
      why: "Kubernetes' example: what is added goes by size, the surge included",
      of: web(15),
      now: set('b', 5, { max: 13 }),
      olds: [set('a', 8, { max: 13 })],
      becomes: { a: 11, b: 7 },
    },
    {
      why: 'sets that do not say how many pods there could be: as many as the Deployment has',
      of: web(15, { has: 13 }),
      now: set('b', 5),
      olds: [set('a', 8)],
      becomes: { a: 11, b: 7 },
    },
    {
      why: 'what rounding leaves goes to the largest',
      of: web(8),
      now: set('c', 3, { max: 10 }),
      olds: [set('a', 4, { max: 10 }), set('b', 3, { max: 10 })],
      becomes: { a: 5 },
    },
    {
      why: 'no set takes more than is left',
      of: web(6),
      now: set('b', 3, { max: 6 }),
      olds: [set('a', 3, { max: 6 })],
      becomes: { a: 4, b: 5 },
    },
    {
      why: 'of equals the newer grows',
      of: web(1),
      now: set('c', 1, { max: 3 }),
      olds: [set('a', 1, { max: 3 }), set('b', 1, { max: 3 })],
      becomes: { c: 2 },
    },
    {
      why: 'of equals the older shrinks',
      of: web(2),
      now: set('b', 3, { max: 6 }),
      olds: [set('a', 3, { max: 6 })],
      becomes: { a: 2 },
    },
    {
      why: 'scaled to nothing there is no surge',
      of: web(0),
      now: set('b', 2, { max: 4 }),
      olds: [set('a', 2, { max: 4 })],
      becomes: { a: 0, b: 0 },
    },
    { why: 'as it is', of: web(5), now: set('b', 5), olds: [set('a', 3)], becomes: {} },
  ])('$why', ({ of, now, olds = [], becomes }) => {
    expect(told(planScaling(of, now, olds, LIMITS))).toEqual(becomes);
  });
});

describe('planRolling', () => {
  it.each<Row>([
    { why: 'the new set grows within the surge', of: web(5), now: set('b', 0), olds: [set('a', 5)], becomes: { b: 3 } },
    { why: 'to no more than is wanted', of: web(5), now: set('b', 4), becomes: { b: 5 } },
    { why: 'and down to that at once', of: web(5), now: set('b', 7), olds: [set('a', 1)], becomes: { b: 5 } },
    {
      why: 'not while it has more pods than it shall have',
      of: web(5),
      now: set('b', 2, { status: { replicas: 4 } }),
      becomes: {},
    },
    {
      why: 'pods that serve nobody go before any that does, whatever the age',
      of: web(5),
      now: set('c', 0),
      olds: [set('a', 4), set('b', 4, { status: { availableReplicas: 1 } })],
      becomes: { a: 2, b: 1 },
    },
    {
      why: 'then the oldest, down to what must be available',
      of: web(5),
      now: set('c', 3),
      olds: [set('a', 1), set('b', 4)],
      becomes: { a: 0, b: 0 },
    },
    {
      why: 'nothing goes while too few are available',
      of: web(5),
      now: set('b', 3, { status: { availableReplicas: 0 } }),
      olds: [set('a', 5, { status: { availableReplicas: 3 } })],
      becomes: { a: 3 },
    },
  ])('$why', ({ of, now = set('b', 0), olds = [], becomes }) => {
    expect(told(planRollingUpdate(of, now, olds, LIMITS))).toEqual(becomes);
  });
});

describe('planRecreate', () => {
  it.each<Row>([
    { why: 'old sets go first', of: web(3), now: set('b', 0), olds: [set('a', 3)], becomes: { a: 0 } },
    {
      why: 'a size that a set has not seen yet says nothing of its pods',
      of: web(3),
      now: set('b', 0),
      olds: [set('a', 0, { generation: 2 })],
      becomes: {},
    },
    {
      why: 'pods that are ending still run',
      of: web(3),
      now: set('b', 0),
      olds: [set('a', 0, { status: { terminatingReplicas: 1 } })],
      becomes: {},
    },
    { why: 'then the new one comes', of: web(3), now: set('b', 0), olds: [set('a', 0)], becomes: { b: 3 } },
    { why: 'if there is one', of: web(3), olds: [set('a', 0)], becomes: {} },
  ])('$why', ({ of, now, olds = [], becomes }) => {
    expect(told(planRecreate(of, now, olds))).toEqual(becomes);
  });
});
