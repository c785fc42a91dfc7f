import { expect, it } from 'vitest';
import type { NodeStats } from '../../contracts/runtime/stats.ts';
import { nodeUsage } from './node-usage.ts';

const DISK = { availableBytes: 1, capacityBytes: 2 };
const pod = { uid: 'u', namespace: 'ns', name: 'web' };
const stats = (at: number, cpu: number, containers: Readonly<Record<string, number>>): NodeStats => ({
  at,
  cpuNanoseconds: cpu,
  memory: { capacityBytes: 2, availableBytes: 1 },
  pids: { running: 1, most: 2 },
  imagefs: DISK,
  nodefs: DISK,
  volumes: [],
  containers: Object.entries(containers).map(([id, cpuNanoseconds]) => ({ id, pod, name: 'main', cpuNanoseconds })),
});
const S = 1_000_000_000;

it.each([
  { why: 'has no rate at first', before: undefined, now: stats(10_000, S, { a: S }), rates: [undefined, undefined] },
  {
    why: 'divides CPU time by the time that passed: half a core, a quarter of one',
    before: stats(10_000, S, { a: S }),
    now: stats(12_000, 2 * S, { a: 1.5 * S }),
    rates: [S / 2, S / 4],
  },
  {
    why: 'has none for a container that is new',
    before: stats(10_000, S, {}),
    now: stats(11_000, S, { a: S }),
    rates: [0, undefined],
  },
  {
    why: 'has none where a counter went back',
    before: stats(10_000, S, { a: S }),
    now: stats(11_000, 0, { a: 0 }),
    rates: [undefined, undefined],
  },
])('$why', ({ before, now, rates }) => {
  const found = nodeUsage('n', now, before);
  expect([found.cpuNanoCores, found.containers[0]?.cpuNanoCores]).toEqual(rates);
});
