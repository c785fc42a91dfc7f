import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Node, Pod } from '../../contracts/kinds/kinds.ts';
import { REASONS_MAX } from './filter-resources.ts';
import { type NodeInfo, nodeInfo } from './node-table.ts';
import { enoughNodes, explainRefusal, planPlacement } from './plan-placement.ts';
import { podRequirements } from './pod-requirements.ts';
import { combine, type Load, NO_LOAD, podLoad } from '../../contracts/kinds/pod/pod-load.ts';

const node = (
  name: string,
  more: { spec?: Node['spec']; labels?: Record<string, string>; allocatable?: Record<string, string> } = {},
): NodeInfo =>
  nodeInfo({
    metadata: { name, labels: more.labels ?? {} },
    ...(more.spec === undefined ? {} : { spec: more.spec }),
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '10', ...more.allocatable } },
  });
const pod = (
  spec: Partial<Pod['spec'] & object> = {},
  requests: Record<string, string> = { cpu: '1', memory: '1Gi' },
): Pod => ({
  metadata: { name: 'p', namespace: 'default', uid: 'p-uid' },
  spec: { containers: [{ name: 'main', resources: { requests } }], ...spec },
});
const idle = (): Load => NO_LOAD;
const place = (p: Pod, nodes: readonly NodeInfo[], used: (name: string) => Load = idle) =>
  planPlacement(podRequirements(p), nodes, 0, used);
const reasons = (p: Pod, n: NodeInfo, used: Load = NO_LOAD): readonly string[] => [
  ...place(p, [n], () => used).reasons.keys(),
];
const affinity = (operator: string, values: string[]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator, values }] }],
      },
    },
  },
});
const gpu = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };
const full: Load = { ...NO_LOAD, cpuMillis: 3500, memoryBytes: 7.5 * 2 ** 30, pods: 3 };

it.each([
  { why: 'fits', pod: pod(), node: node('a'), not: [] },
  {
    why: 'too little cpu and memory',
    pod: pod(),
    node: node('a'),
    used: full,
    not: ['Insufficient cpu', 'Insufficient memory'],
  },
  { why: 'asks for nothing, so nothing is short', pod: pod({}, {}), node: node('a'), used: full, not: [] },
  { why: 'too many pods', pod: pod({}, {}), node: node('a'), used: { ...NO_LOAD, pods: 10 }, not: ['Too many pods'] },
  {
    why: 'a node that nothing is known of has no place for a pod',
    pod: pod({}, {}),
    node: nodeInfo({ metadata: { name: 'a' } }),
    not: ['Too many pods'],
  },
  {
    why: 'no such device',
    pod: pod({}, { 'example.com/gpu': '1' }),
    node: node('a'),
    not: ['Insufficient example.com/gpu'],
  },
  {
    why: 'device',
    pod: pod({}, { 'example.com/gpu': '1' }),
    node: node('a', { allocatable: { 'example.com/gpu': '1' } }),
    not: [],
  },
  {
    why: 'cordoned',
    pod: pod(),
    node: node('a', { spec: { unschedulable: true } }),
    not: ['node(s) were unschedulable'],
  },
  {
    why: 'cordoned but tolerated',
    pod: pod({ tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }] }),
    node: node('a', { spec: { unschedulable: true } }),
    not: [],
  },
  {
    why: 'taint',
    pod: pod(),
    node: node('a', { spec: { taints: [gpu] } }),
    not: ['node(s) had untolerated taint {gpu: yes}'],
  },
  {
    why: 'taint tolerated',
    pod: pod({ tolerations: [{ key: 'gpu', operator: 'Exists' }] }),
    node: node('a', { spec: { taints: [gpu] } }),
    not: [],
  },
  {
    why: 'soft taint',
    pod: pod(),
    node: node('a', { spec: { taints: [{ ...gpu, effect: 'PreferNoSchedule' }] } }),
    not: [],
  },
  {
    why: 'selector',
    pod: pod({ nodeSelector: { zone: 'x' } }),
    node: node('a'),
    not: ["node(s) didn't match Pod's node affinity/selector"],
  },
  {
    why: 'selector met',
    pod: pod({ nodeSelector: { zone: 'x' } }),
    node: node('a', { labels: { zone: 'x' } }),
    not: [],
  },
  {
    why: 'affinity',
    pod: pod(affinity('NotIn', ['x'])),
    node: node('a', { labels: { zone: 'x' } }),
    not: ["node(s) didn't match Pod's node affinity/selector"],
  },
  { why: 'affinity met', pod: pod(affinity('In', ['x', 'y'])), node: node('a', { labels: { zone: 'y' } }), not: [] },
  {
    why: 'host port taken',
    pod: pod({ containers: [{ name: 'm', ports: [{ containerPort: 80, hostPort: 80 }] }] }),
    node: node('a'),
    used: { ...NO_LOAD, hostPorts: new Map([['TCP/127.0.0.1/80', 1]]) },
    not: ["node(s) didn't have free ports for the requested pod ports"],
  },
])('$why', ({ pod: p, node: n, used, not }) => {
  expect(reasons(p, n, used)).toEqual(not);
});

it('thousands of host ports are looked for among thousands in no time', () => {
  const ports = (from: number, hostIP?: string): Pod =>
    pod({
      containers: Array.from({ length: 10 }, (_, c) => ({
        name: `c${c}`,
        ports: Array.from({ length: 1500 }, (_, p) => ({
          containerPort: 1,
          hostPort: from + c * 1500 + p,
          ...(hostIP === undefined ? {} : { hostIP }),
        })),
      })),
    });
  const used = podLoad(ports(1));
  const before = process.cpuUsage(); // others may keep the machine busy meanwhile
  expect(reasons(ports(20_001), node('a'), used)).toEqual([]);
  expect(reasons(ports(20_001, '10.0.0.1'), node('a'), used)).toEqual([]);
  expect(reasons(ports(15_000), node('a'), used)).toEqual([expect.stringContaining('free ports')]);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(10_000); // 100 by itself, 196,000 when each was compared with each
});

it('of thousands of devices that a node lacks some are named', () => {
  const wanted = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`example.com/d${at}`, '1']));
  const found = reasons(pod({}, { ...wanted, cpu: '8' }), node('a'));
  expect(found).toHaveLength(REASONS_MAX);
  expect(found.slice(0, 2)).toEqual(['Insufficient cpu', 'Insufficient example.com/d0']);
});

it('an explanation is no longer than an event has room for', () => {
  const taints = new Map(Array.from({ length: 500 }, (_, at) => [`node(s) had untolerated taint {k${at}: v}`, 1]));
  const text = explainRefusal(500, taints);
  expect(text).toHaveLength(1024);
  expect(text).toMatch(/^0\/500 nodes are available: 1 node\(s\) had untolerated taint .* \.\.\.$/);
});

it('explains in the words of Kubernetes', () => {
  const nodes = [node('a', { spec: { taints: [gpu] } }), node('b'), node('c')];
  const { node: chosen, reasons: why } = place(pod({}, { cpu: '5' }), nodes);
  expect(chosen).toBeUndefined();
  expect(explainRefusal(3, why)).toBe(
    '0/3 nodes are available: 1 node(s) had untolerated taint {gpu: yes}, 2 Insufficient cpu.',
  );
  expect(explainRefusal(0, new Map())).toBe('no nodes available to schedule pods');
});

const busy: Load = { ...NO_LOAD, nonzeroCpuMillis: 2000, nonzeroMemoryBytes: 4 * 2 ** 30 };
const lopsided: Load = { ...NO_LOAD, nonzeroCpuMillis: 3000, nonzeroMemoryBytes: 0 };
it.each([
  { why: 'the emptier node', pod: pod(), nodes: [node('a'), node('b')], used: { a: busy }, chosen: 'b' },
  {
    why: 'the balanced node',
    pod: pod(),
    nodes: [node('a'), node('b')],
    used: { a: lopsided, b: { ...busy, nonzeroCpuMillis: 1500, nonzeroMemoryBytes: 3 * 2 ** 30 } },
    chosen: 'b',
  },
  {
    why: 'the node without a soft taint',
    pod: pod(),
    nodes: [node('a', { spec: { taints: [{ ...gpu, effect: 'PreferNoSchedule' }] } }), node('b')],
    used: { b: busy },
    chosen: 'b',
  },
  {
    why: 'the node it prefers',
    pod: pod({
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, preference: { matchExpressions: [{ key: 'zone', operator: 'In', values: ['x'] }] } },
          ],
        },
      },
    }),
    nodes: [node('a', { labels: { zone: 'x' } }), node('b')],
    used: { a: busy },
    chosen: 'a',
  },
] as { why: string; pod: Pod; nodes: NodeInfo[]; used: Record<string, Load>; chosen: string }[])(
  'chooses $why',
  (row) => {
    expect(place(row.pod, row.nodes, (name) => row.used[name] ?? NO_LOAD).node).toBe(row.chosen);
  },
);

it.each([
  [1, 100],
  [1000, 100],
  [5000, 250],
])('of %d nodes, %d that fit are enough', (nodes, enough) => {
  expect(enoughNodes(nodes)).toBe(enough);
});

it('each search begins where the last one ended', () => {
  const nodes = Array.from({ length: 300 }, (_, at) => node(`n${String(at).padStart(3, '0')}`));
  const first = planPlacement(podRequirements(pod()), nodes, 0, idle);
  expect(first.next).toBe(100);
  const second = planPlacement(podRequirements(pod()), nodes, first.next, idle);
  expect(nodes.findIndex(({ name }) => name === second.node)).toBeGreaterThanOrEqual(100);
});

it('asks again give the same answer; pods alike are spread over nodes alike', () => {
  const nodes = Array.from({ length: 20 }, (_, at) => node(`n${at}`));
  const chosen = Array.from({ length: 100 }, (_, at) => {
    const p = { ...pod(), metadata: { name: `p${at}`, uid: `uid-${at}` } };
    expect(place(p, nodes).node).toBe(place(p, nodes).node);
    return place(p, nodes).node;
  });
  expect(new Set(chosen).size).toBeGreaterThan(10);
});

it('never puts more on a node than it has, and refuses only what fits nowhere', () => {
  const sizes = fc.array(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 4000 })), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5 }), sizes, (count, pods) => {
      const nodes = Array.from({ length: count }, (_, at) => node(`n${at}`));
      const used = new Map<string, Load>();
      let start = 0;
      for (const [cpu, memory] of pods) {
        const p = pod({}, { cpu: `${cpu}m`, memory: `${memory}Mi` });
        const { node: chosen, next } = planPlacement(
          podRequirements(p),
          nodes,
          start,
          (name) => used.get(name) ?? NO_LOAD,
        );
        start = next;
        const load = podLoad(p);
        const fits = (name: string): boolean => {
          const sum = combine(used.get(name) ?? NO_LOAD, load);
          return sum.cpuMillis <= 4000 && sum.memoryBytes <= 8 * 2 ** 30 && sum.pods <= 10;
        };
        if (chosen === undefined)
          expect(
            nodes.some(({ name }) => fits(name) || (cpu === 0 && memory === 0 && (used.get(name)?.pods ?? 0) < 10)),
          ).toBe(false);
        else {
          expect(fits(chosen)).toBe(true);
          used.set(chosen, combine(used.get(chosen) ?? NO_LOAD, load));
        }
      }
    }),
  );
});
