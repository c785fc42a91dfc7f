import { expect, it } from 'vitest';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { planAdmission } from './plan-admission.ts';
import type { Pressure } from './pressure-conditions.ts';

const NODE = {
  name: 'n',
  labels: { zone: 'a' },
  cpuMillis: 1000,
  memoryBytes: 2 ** 30,
  pods: 3,
  ephemeralStorageBytes: 2 ** 30,
};
const podOf = (requests: Readonly<Record<string, string>> = {}, more: Partial<NonNullable<Pod['spec']>> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a' },
  spec: { containers: [{ name: 'main', image: 'i', resources: { requests } }], ...more },
});
const TOLERANT = { tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists' }] };

it.each<{ why: string; pod: Pod; others?: Pod[]; pressures?: Pressure[]; reason?: string; note?: string }>([
  { why: 'a pod that fits', pod: podOf({ cpu: '1', memory: '1Gi' }) },
  {
    why: 'too little CPU',
    pod: podOf({ cpu: '500m' }),
    others: [podOf({ cpu: '600m' })],
    reason: 'OutOfcpu',
    note: "Node didn't have enough resource: cpu, requested: 500, used: 600, capacity: 1000",
  },
  { why: 'too little memory', pod: podOf({ memory: '2Gi' }), reason: 'OutOfmemory' },
  { why: 'too little storage', pod: podOf({ 'ephemeral-storage': '2Gi' }), reason: 'OutOfephemeral-storage' },
  {
    why: 'too many pods',
    pod: podOf(),
    others: [podOf(), podOf(), podOf()],
    reason: 'OutOfpods',
    note: "Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3",
  },
  {
    why: 'nothing requested while memory is short',
    pod: podOf(),
    pressures: ['MemoryPressure'],
    reason: 'Evicted',
    note: 'The node had condition: [MemoryPressure]. ',
  },
  { why: 'memory requested while it is short', pod: podOf({ memory: '1Mi' }), pressures: ['MemoryPressure'] },
  { why: 'tolerated', pod: podOf({}, TOLERANT), pressures: ['MemoryPressure'] },
  {
    why: 'anything while the disk is short',
    pod: podOf({ memory: '1Mi' }),
    pressures: ['DiskPressure'],
    reason: 'Evicted',
  },
  { why: 'a label that the node has', pod: podOf({}, { nodeSelector: { zone: 'a' } }) },
  {
    why: 'another node',
    pod: podOf({}, { nodeSelector: { zone: 'b' } }),
    reason: 'NodeAffinity',
    note: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  },
  { why: 'a critical pod', pod: podOf({}, { priority: 2_000_000_000 }), pressures: ['DiskPressure'] },
])('$why', ({ pod, others = [], pressures = [], reason, note }) => {
  const refusal = planAdmission(pod, others, NODE, pressures);
  expect(refusal?.reason).toBe(reason);
  if (note !== undefined) expect(refusal).toMatchObject({ note, message: `Pod was rejected: ${note}` });
});
