import { describe, expect, it } from 'vitest';
import { parseThresholds, type Signal } from '../../../contracts/eviction/thresholds.ts';
import { planEviction, planStorageEvictions, type UsingPod } from './plan-eviction.ts';

const MI = 2 ** 20;
interface Wanted {
  readonly memory?: number;
  readonly request?: string;
  readonly disk?: number;
  readonly limit?: string;
  readonly pids?: number;
  readonly priority?: number;
  readonly volume?: number;
  readonly sizeLimit?: string;
  readonly medium?: string;
}
const podOf = (
  uid: string,
  { memory = 0, request, disk = 0, limit, pids = 1, priority = 0, ...more }: Wanted,
): UsingPod => ({
  uid,
  pod: {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: uid, namespace: 'ns', uid },
    spec: {
      priority,
      terminationGracePeriodSeconds: 60,
      containers: [
        {
          name: 'main',
          image: 'i',
          resources: {
            ...(request === undefined ? {} : { requests: { memory: request } }),
            ...(limit === undefined ? {} : { limits: { 'ephemeral-storage': limit } }),
          },
        },
      ],
      volumes: [
        {
          name: 'cache',
          emptyDir: {
            ...(more.sizeLimit === undefined ? {} : { sizeLimit: more.sizeLimit }),
            ...(more.medium === undefined ? {} : { medium: more.medium }),
          },
        },
      ],
    },
  },
  containers: [
    {
      id: uid,
      pod: { uid, namespace: 'ns', name: uid },
      name: 'main',
      workingSetBytes: memory * MI,
      pids,
      rootfsBytes: disk * MI,
      logsBytes: 0,
    },
  ],
  volumes: more.volume === undefined ? [] : [{ podUid: uid, volume: 'cache', usedBytes: more.volume * MI }],
});

describe('the order of eviction', () => {
  it.each([
    {
      why: 'above its request before below',
      signal: 'memory.available',
      pods: { big: { memory: 500, request: '600Mi' }, small: { memory: 50 } },
      first: 'small',
    },
    {
      why: 'then by priority',
      signal: 'memory.available',
      pods: { high: { memory: 500, priority: 10 }, low: { memory: 50, priority: 1 } },
      first: 'low',
    },
    {
      why: 'then the most beyond its request',
      signal: 'memory.available',
      pods: { a: { memory: 500, request: '450Mi' }, b: { memory: 100 } },
      first: 'b',
    },
    {
      why: 'on disk, volumes count too',
      signal: 'nodefs.available',
      pods: { a: { disk: 50 }, b: { disk: 10, volume: 90 } },
      first: 'b',
    },
    {
      why: 'by number of processes',
      signal: 'pid.available',
      pods: { a: { pids: 5, memory: 500 }, b: { pids: 50 } },
      first: 'b',
    },
    {
      why: 'critical pods stay',
      signal: 'memory.available',
      pods: { system: { memory: 500, priority: 2_000_000_000 } },
      first: undefined,
    },
  ])('$why', ({ signal, pods, first }) => {
    const due = parseThresholds({ hard: `${signal}<100Mi` });
    const seen = new Map([[signal as Signal, { available: 1, capacity: 1000 * MI }]]);
    const all = Object.entries(pods as Record<string, Wanted>).map(([uid, wanted]) => podOf(uid, wanted));
    expect(planEviction(due, seen, all, 0)?.uid).toBe(first);
  });
});

it("says in Kubernetes' words what was short and who used how much; a hard threshold leaves a second", () => {
  const due = parseThresholds({ hard: 'memory.available<100Mi' });
  const seen = new Map([['memory.available' as const, { available: 50 * MI, capacity: 1000 * MI }]]);
  expect(planEviction(due, seen, [podOf('a', { memory: 500, request: '64Mi' })], 0)).toEqual({
    uid: 'a',
    failure: {
      reason: 'Evicted',
      message:
        'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container main was using 500Mi, request is 64Mi, has larger consumption of memory. ',
      graceSeconds: 1,
    },
  });
});

it('a soft threshold leaves the grace period, at most so much of it', () => {
  const soft = parseThresholds({ hard: '', soft: 'memory.available<100Mi', softGracePeriod: 'memory.available=1s' });
  const seen = new Map([['memory.available' as const, { available: 1, capacity: 1000 * MI }]]);
  expect(planEviction(soft, seen, [podOf('a', { memory: 1 })], 20)?.failure.graceSeconds).toBe(20);
  expect(planEviction(soft, seen, [podOf('a', { memory: 1 })], 200)?.failure.graceSeconds).toBe(60);
});

it.each([
  { why: 'an emptyDir within its limit', wanted: { volume: 1, sizeLimit: '1Mi' }, message: undefined },
  {
    why: 'one in memory, which the kernel limits',
    wanted: { volume: 9, sizeLimit: '1Mi', medium: 'Memory' },
    message: undefined,
  },
  {
    why: 'an emptyDir above it',
    wanted: { volume: 2, sizeLimit: '1Mi' },
    message: 'Usage of EmptyDir volume "cache" exceeds the limit "1Mi". ',
  },
  {
    why: 'a pod above its limit, with its volumes',
    wanted: { disk: 1, volume: 2, limit: '2Mi' },
    message: 'Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ',
  },
  { why: 'a pod within its limit', wanted: { disk: 1, volume: 1, limit: '2Mi' }, message: undefined },
])('$why', ({ wanted, message }) => {
  expect(planStorageEvictions([podOf('a', wanted)]).map(({ failure }) => failure.message)).toEqual(
    message === undefined ? [] : [message],
  );
});
