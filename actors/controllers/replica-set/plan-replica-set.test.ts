import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Pod, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { isPodChange, planReplicaSet, type ReplicaSetEffect } from './plan-replica-set.ts';
import { inDeletionOrder } from './pod-deletion-order.ts';
import { podNames } from './pod-names.ts';
import { failureNotes, successNote } from './replica-set-events.ts';

const NOW = 1_000_000_000;
const READY_AT = '1970-01-12T13:46:30Z'; // ten seconds before NOW
const NONE = (): boolean => false;
const namesOf = (pods: readonly Pod[]) => {
  const names = new Set(pods.map((p) => p.metadata?.name));
  return (name: string): boolean => names.has(name);
};

const web = (replicas: number, extra: Partial<ReplicaSet['spec'] & object> = {}): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web', namespace: 'shop', uid: 'set-uid', generation: 3 },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'busybox' }] } },
    ...extra,
  },
});

interface Looks {
  phase?: string;
  ready?: boolean;
  node?: string;
  leaving?: boolean;
  owner?: string | null;
  app?: string;
  readyAt?: string;
  restarts?: number;
  created?: string;
  cost?: string;
}
const pod = (name: string, looks: Looks = {}): Pod => ({
  metadata: {
    name,
    namespace: 'shop',
    uid: `${name}-uid`,
    labels: { app: looks.app ?? 'web' },
    ...(looks.created === undefined ? {} : { creationTimestamp: looks.created }),
    ...(looks.cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': looks.cost } }),
    ...(looks.leaving === true ? { deletionTimestamp: READY_AT } : {}),
    ...(looks.owner === null
      ? {}
      : {
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: looks.owner ?? 'set-uid', controller: true },
          ],
        }),
  },
  spec: { containers: [], ...(looks.node === undefined ? {} : { nodeName: looks.node }) },
  status: {
    phase: looks.phase ?? 'Running',
    ...(looks.ready === true
      ? { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: looks.readyAt ?? READY_AT }] }
      : {}),
    ...(looks.restarts === undefined
      ? {}
      : { containerStatuses: [{ name: 'main', image: '', imageID: '', ready: true, restartCount: looks.restarts }] }),
  },
});

const brief = (effect: ReplicaSetEffect): string =>
  effect.type === 'status'
    ? 'status'
    : effect.type === 'create'
      ? 'create'
      : `${effect.type} ${effect.pod.metadata?.name}`;
const moves = (set: ReplicaSet, pods: readonly Pod[]) =>
  planReplicaSet(set, pods, namesOf(pods), NOW)
    .effects.map(brief)
    .filter((text) => text !== 'status');

it.each([
  { why: 'creates what is missing', want: 2, have: [pod('a')], plan: ['create'] },
  { why: 'deletes what is too much', want: 1, have: [pod('a', { ready: true }), pod('b')], plan: ['delete b'] },
  {
    why: 'replaces a failed pod and leaves it lying',
    want: 1,
    have: [pod('a', { phase: 'Failed' })],
    plan: ['create'],
  },
  { why: 'replaces a pod on its way out', want: 1, have: [pod('a', { leaving: true })], plan: ['create'] },
  { why: 'ignores pods of another set', want: 0, have: [pod('a', { owner: 'other' })], plan: [] },
  { why: 'adopts an orphan instead of creating', want: 1, have: [pod('a', { owner: null })], plan: ['adopt a'] },
  {
    why: 'releases a pod whose labels changed, and replaces it',
    want: 1,
    have: [pod('a', { app: 'x' })],
    plan: ['release a', 'create'],
  },
  { why: 'does not adopt a pod on its way out', want: 0, have: [pod('a', { owner: null, leaving: true })], plan: [] },
  { why: 'rests when converged', want: 1, have: [pod('a')], plan: [] },
])('$why', ({ want, have, plan }) => {
  expect(moves(web(want), have)).toEqual(plan);
});

it('a set on its way out moves nothing', () => {
  const set = web(3);
  expect(
    moves({ ...set, metadata: { ...set.metadata, deletionTimestamp: READY_AT } }, [pod('a', { owner: null })]),
  ).toEqual([]);
});

it('tells what it counted', () => {
  const pods = [pod('a', { ready: true }), pod('b'), pod('c', { leaving: true }), pod('d', { phase: 'Failed' })];
  const { effects } = planReplicaSet(web(2), pods, NONE, NOW);
  expect(effects[0]).toEqual({
    type: 'status',
    status: {
      replicas: 2,
      fullyLabeledReplicas: 2,
      readyReplicas: 1,
      availableReplicas: 1,
      terminatingReplicas: 1,
      observedGeneration: 3,
    },
  });
});

it('a ready pod is available minReadySeconds later, and the plan comes back for it', () => {
  const { effects, againInMs } = planReplicaSet(
    web(1, { minReadySeconds: 30 }),
    [pod('a', { ready: true })],
    NONE,
    NOW,
  );
  expect(effects[0]).toMatchObject({ status: { readyReplicas: 1, availableReplicas: 0 } });
  expect(againInMs).toBe(20_000);
});

const OVER_QUOTA = { say: 'create', message: 'over quota', retry: 'never' } as const;
const FAILURE = {
  type: 'ReplicaFailure',
  status: 'True',
  reason: 'FailedCreate',
  message: 'over quota',
  lastTransitionTime: '1970-01-12T13:46:40Z',
};
const EARLIER = { ...FAILURE, message: 'an older one', lastTransitionTime: READY_AT };
const OTHER = { type: 'Other', status: 'True' };
it.each([
  { why: 'a refused create is a condition', refused: OVER_QUOTA, have: [], before: [OTHER], after: [OTHER, FAILURE] },
  {
    why: 'a refused delete too',
    refused: { ...OVER_QUOTA, say: 'delete' },
    have: [pod('a'), pod('b')],
    before: [],
    after: [{ ...FAILURE, reason: 'FailedDelete' }],
  },
  { why: 'a lost race is none', refused: { ...OVER_QUOTA, retry: 'reread' as const }, have: [], before: [], after: [] },
  {
    why: 'an api-server away is none',
    refused: { ...OVER_QUOTA, retry: 'backoff' as const },
    have: [],
    before: [],
    after: [],
  },
  { why: 'a refused status is none', refused: { ...OVER_QUOTA, say: 'status' }, have: [], before: [], after: [] },
  { why: 'it stays as it was first told', refused: OVER_QUOTA, have: [], before: [EARLIER], after: [EARLIER] },
  {
    why: 'it stays with a leader who knows of no refusal',
    refused: undefined,
    have: [],
    before: [EARLIER],
    after: [EARLIER],
  },
  { why: 'one of the other kind goes', refused: undefined, have: [pod('a'), pod('b')], before: [EARLIER], after: [] },
  {
    why: 'it goes when all pods are there',
    refused: OVER_QUOTA,
    have: [pod('a')],
    before: [EARLIER, OTHER],
    after: [OTHER],
  },
])('ReplicaFailure: $why', ({ refused, have, before, after }) => {
  const set = { ...web(1), status: { replicas: -1, conditions: before } };
  const { effects } = planReplicaSet(set, have, NONE, NOW, refused);
  expect(effects.flatMap((effect) => (effect.type === 'status' ? (effect.status.conditions ?? []) : []))).toEqual(
    after,
  );
});

it('tells of a refusal only when asking again can not help', () => {
  const create = { type: 'create', pod: pod('a') } as const;
  expect(failureNotes(create, OVER_QUOTA)).toEqual([
    { type: 'Warning', reason: 'FailedCreate', message: 'Error creating: over quota' },
  ]);
  expect(failureNotes({ ...create, type: 'delete' }, OVER_QUOTA)).toMatchObject([
    { reason: 'FailedDelete', message: 'Error deleting: over quota' },
  ]);
  expect(failureNotes(create, { ...OVER_QUOTA, retry: 'reread' })).toEqual([]);
});

it('makes pods from the template', () => {
  const { effects } = planReplicaSet(web(1), [], NONE, NOW);
  const [move] = effects.filter(isPodChange);
  const created = move?.pod;
  expect(created).toMatchObject({
    kind: 'Pod',
    metadata: {
      namespace: 'shop',
      labels: { app: 'web' },
      ownerReferences: [{ kind: 'ReplicaSet', uid: 'set-uid', controller: true }],
    },
    spec: { containers: [{ name: 'main' }] },
  });
  expect(created?.metadata?.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  expect(successNote(move!)).toEqual({
    type: 'Normal',
    reason: 'SuccessfulCreate',
    message: `Created pod: ${created?.metadata?.name}`,
  });
});

it.each([
  { why: 'unassigned before assigned', pods: [pod('a', { node: 'n' }), pod('b')] },
  { why: 'pending before running', pods: [pod('a', { node: 'n' }), pod('b', { node: 'm', phase: 'Pending' })] },
  { why: 'not ready before ready', pods: [pod('a', { ready: true }), pod('b')] },
  { why: 'cheap before dear', pods: [pod('a', { cost: '10' }), pod('b', { cost: '-10' })] },
  {
    why: 'younger ready first',
    pods: [pod('a', { ready: true }), pod('b', { ready: true, readyAt: '1970-01-12T13:46:35Z' })],
  },
  { why: 'more restarts first', pods: [pod('a', { restarts: 1 }), pod('b', { restarts: 2 })] },
  {
    why: 'younger first',
    pods: [pod('a', { created: '2020-01-01T00:00:00Z' }), pod('b', { created: '2021-01-01T00:00:00Z' })],
  },
])('deletes $why', ({ pods }) => {
  expect(inDeletionOrder(pods)[0]?.metadata?.name).toBe('b');
});

it('deletes from the fullest node first', () => {
  const pods = [pod('a', { node: 'n' }), pod('b', { node: 'm' }), pod('c', { node: 'm' })];
  expect(inDeletionOrder(pods)[0]?.metadata?.name).toBe('b');
});

it('from however stale a view, names make never more pods than wanted', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.array(fc.nat(30), { maxLength: 10 }), (want, seen) => {
      const store = new Set<string>();
      for (const upTo of [0, ...seen]) {
        const view = [...store].slice(0, upTo).map((name) => pod(name)); // a prefix of what was made
        const { effects } = planReplicaSet(web(want), view, namesOf(view), NOW);
        for (const effect of effects) if (effect.type === 'create') store.add(effect.pod.metadata?.name ?? '');
      }
      expect(store.size).toBe(want);
    }),
  );
});

it('converges from any mixture of pods', () => {
  const looks = fc.record({
    phase: fc.constantFrom('Pending', 'Running', 'Failed'),
    leaving: fc.boolean(),
    ready: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.nat(20), fc.array(looks, { maxLength: 30 }), (want, states) => {
      let pods = states.map((state, at) => pod(`p${at}`, state));
      const { effects } = planReplicaSet(web(want), pods, namesOf(pods), NOW);
      for (const effect of effects) {
        if (effect.type === 'create') pods = [...pods, pod(effect.pod.metadata?.name ?? '')];
        if (effect.type === 'delete') pods = pods.filter((p) => p !== effect.pod);
      }
      expect(moves(web(want), pods)).toEqual([]);
    }),
  );
});

it.each([
  { set: 'web', base: 'web-' },
  { set: 'w'.repeat(57), base: `${'w'.repeat(57)}-` },
  { set: 'w'.repeat(200), base: 'w'.repeat(58) },
])('a name stays a DNS label, however long the name of the set: $set', ({ set, base }) => {
  const [name = ''] = podNames(set, 'u', 1, 1, NONE);
  expect([name.slice(0, -5), name.length <= 63]).toEqual([base, true]);
});

it('names are distinct and avoid those in use', () => {
  const first = podNames('web', 'u', 5000, 5000, NONE);
  expect(new Set(first).size).toBe(5000);
  const next = podNames('web', 'u', 5, 5, (name) => first.slice(0, 3).includes(name));
  expect(next).toHaveLength(5);
  expect(next.some((name) => first.slice(0, 3).includes(name))).toBe(false);
});
