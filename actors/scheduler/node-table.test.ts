import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { storeKey } from '../../contracts/store/keys.ts';
import { Cache } from '../kernel/view/cache.ts';
import { nodesInOrder, nodeTable } from './node-table.ts';
import { podLoad } from '../../contracts/kinds/pod/pod-load.ts';

it.each([
  {
    why: 'containers together',
    spec: { containers: [ask('100m', '1Mi'), ask('200m', '2Mi')] },
    load: { cpuMillis: 300, memoryBytes: 3 * 2 ** 20, nonzeroCpuMillis: 300 },
  },
  {
    why: 'a greedy init container',
    spec: { containers: [ask('100m', '1Mi')], initContainers: [ask('1', '1')] },
    load: { cpuMillis: 1000, memoryBytes: 2 ** 20 },
  },
  {
    why: 'a sidecar runs beside the rest',
    spec: {
      containers: [ask('100m', '1Mi')],
      initContainers: [{ ...ask('200m', '1'), restartPolicy: 'Always' }, ask('250m', '1')],
    },
    load: { cpuMillis: 450 },
  },
  {
    why: 'not beside what ended before it',
    spec: {
      containers: [ask('100m', '1Mi')],
      initContainers: [ask('1', '1'), { ...ask('200m', '1'), restartPolicy: 'Always' }],
    },
    load: { cpuMillis: 1000, nonzeroCpuMillis: 1000 },
  },
  { why: 'overhead', spec: { containers: [ask('100m', '1Mi')], overhead: { cpu: '50m' } }, load: { cpuMillis: 150 } },
  {
    why: 'a guess for those that ask for nothing',
    spec: { containers: [{ name: 'm' }] },
    load: { cpuMillis: 0, nonzeroCpuMillis: 100, nonzeroMemoryBytes: 200 * 2 ** 20 },
  },
])('a pod takes: $why', ({ spec, load }) => {
  expect(podLoad({ spec })).toMatchObject(load);
});

function ask(cpu: string, memory: string) {
  return { name: 'c', resources: { requests: { cpu, memory } } };
}

it('kept up to date, it equals one that is built anew', () => {
  const nodeOf = fc.constantFrom('', 'n0', 'n1', 'n2');
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('pods' as const),
      name: fc.constantFrom('p0', 'p1', 'p2', 'p3'),
      node: nodeOf,
      cpu: fc.nat(500),
      memory: fc.constantFrom('0', '1', '0.3', '5Pi', '-1', '9E'),
      phase: fc.constantFrom('Running', 'Failed'),
      gone: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('nodes' as const),
      name: fc.constantFrom('n0', 'n1', 'n2'),
      cpu: fc.nat(4000),
      gone: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const cache = new Cache();
      let table = nodeTable.build(cache);
      steps.forEach((s, at) => {
        const old = cache.get(s.kind, s.kind === 'pods' ? 'default' : undefined, s.name) as
          | { spec?: { nodeName?: string; containers?: unknown[] } }
          | undefined;
        const object: KubeObject | undefined = s.gone ? undefined : made(s, old);
        const key = storeKey(s.kind, s.kind === 'pods' ? 'default' : undefined, s.name);
        if (object === undefined && old === undefined) return;
        table = nodeTable.step(table, cache.apply({ key, revision: at + 1, object }));
      });
      const fresh = nodeTable.build(cache);
      expect(nodesInOrder(table)).toEqual(nodesInOrder(fresh));
      expect(table.bound).toEqual(fresh.bound);
    }),
  );
});

it.each([
  { why: 'memory', of: (amount: string) => ({ memory: amount }) },
  { why: 'any other resource', of: (amount: string) => ({ 'x/y': amount }) },
])('of $why it tells what is left when one is gone that was beyond all reckoning', ({ of }) => {
  const cache = new Cache();
  let table = nodeTable.build(cache);
  const amounts = { huge: '9E', vast: '5Pi', one: '1', none: '0', part: '0.3' };
  const apply = (name: string, object: KubeObject | undefined): void => {
    table = nodeTable.step(table, cache.apply({ key: `pods.a.${name}`, revision: cache.revision + 1, object }));
    expect(table.bound).toEqual(nodeTable.build(cache).bound);
  };
  for (const [name, amount] of Object.entries(amounts)) {
    const spec = { nodeName: 'n0', containers: [{ name: 'c', resources: { requests: of(amount) } }] };
    apply(name, { metadata: { name, namespace: 'a' }, spec } as KubeObject);
  }
  for (const name of Object.keys(amounts)) apply(name, undefined);
});

it('a pod may ask for a hundred thousand resources, and so may its neighbours', () => {
  const cache = new Cache();
  const table = nodeTable.build(cache);
  const step = (name: string, object: KubeObject | undefined): unknown =>
    nodeTable.step(table, cache.apply({ key: `pods.a.${name}`, revision: cache.revision + 1, object }));
  for (const name of ['x', 'y', 'z']) {
    const requests = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`${name}.example/d${at}`, '1']));
    const spec = { nodeName: 'n0', containers: [{ name: 'c', resources: { requests } }] };
    step(name, { metadata: { name, namespace: 'a' }, spec } as KubeObject);
  }
  step('x', undefined);
  expect(table.bound.get('n0')?.load).toMatchObject({ pods: 2 });
});

/** Requests of a bound pod don't change, and it stays where it is: the api-server sees to that. */
function made(
  s: { kind: 'pods' | 'nodes'; name: string; node?: string; cpu: number; memory?: string; phase?: string },
  old: { spec?: { nodeName?: string; containers?: unknown[] } } | undefined,
): KubeObject {
  if (s.kind === 'nodes')
    return { metadata: { name: s.name }, status: { allocatable: { cpu: `${s.cpu}m` } } } as KubeObject;
  const bound = (old?.spec?.nodeName ?? '') !== '';
  const spec = bound
    ? old?.spec
    : {
        containers: [{ name: 'c', resources: { requests: { cpu: `${s.cpu}m`, memory: s.memory, 'x/y': s.memory } } }],
        nodeName: s.node,
      };
  return { metadata: { name: s.name, namespace: 'default' }, spec, status: { phase: s.phase } } as KubeObject;
}
