import { describe, expect, it } from 'vitest';
import type { Node, Pod } from '../../../contracts/kinds/kinds.ts';
import type { NodeUsage } from '../../../contracts/messages/metrics.ts';
import { planTopNodes, planTopPods } from './plan-top.ts';

const MIB = 2 ** 20;
const DISK = { availableBytes: 1, capacityBytes: 2 };
const podOf = (name: string, namespace = 'default'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, uid: name },
});
const container = (pod: string, name: string, cpuMillis: number, mib: number) => ({
  id: `${pod}/${name}`,
  pod: { uid: pod, namespace: 'default', name: pod },
  name,
  cpuNanoCores: cpuMillis * 1e6,
  workingSetBytes: mib * MIB,
});
const usage: NodeUsage = {
  node: 'n1',
  at: 1,
  cpuNanoseconds: 1,
  cpuNanoCores: 500e6,
  memory: { capacityBytes: 4096 * MIB, availableBytes: 3072 * MIB },
  pids: { running: 1, most: 2 },
  imagefs: DISK,
  nodefs: DISK,
  volumes: [],
  containers: [
    container('web', 'main', 100, 20),
    container('web', 'side', 1, 5),
    container('db', 'main', 50, 300),
    { id: 'x', pod: { uid: 'new', namespace: 'default', name: 'new' }, name: 'main' },
  ],
};
const pods = [podOf('web'), podOf('new'), podOf('db'), podOf('idle')];

describe('troupe top pods', () => {
  it.each([
    {
      why: 'sums containers, by name',
      options: {},
      rows: ['NAME CPU(cores) MEMORY(bytes)', 'db 50m 300Mi', 'web 101m 25Mi'],
    },
    {
      why: 'sorts by cpu',
      options: { sortBy: 'cpu' as const },
      rows: ['NAME CPU(cores) MEMORY(bytes)', 'web 101m 25Mi', 'db 50m 300Mi'],
    },
    {
      why: 'shows containers of all namespaces',
      options: { containers: true, namespaces: true },
      rows: [
        'NAMESPACE POD NAME CPU(cores) MEMORY(bytes)',
        'default db main 50m 300Mi',
        'default web main 100m 20Mi',
        'default web side 1m 5Mi',
      ],
    },
  ])('$why', ({ options, rows }) => {
    expect(planTopPods(pods, [usage], options).map((row) => row.join(' '))).toEqual(rows);
  });
});

it('troupe top nodes shows shares of what a node has to allocate; one without a sample is unknown', () => {
  const node = (name: string): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    status: { allocatable: { cpu: '2', memory: '2Gi' } },
  });
  expect(planTopNodes([node('n2'), node('n1')], [usage], 'memory').map((row) => row.join(' '))).toEqual([
    'NAME CPU(cores) CPU(%) MEMORY(bytes) MEMORY(%)',
    'n1 500m 25% 1024Mi 50%',
    'n2 <unknown> <unknown> <unknown> <unknown>',
  ]);
});
