import { describe, expect, it } from 'vitest';
import type { NodeCondition, NodeStatus } from '../../../contracts/kinds/kinds.ts';
import type { RuntimeInfo } from '../../../contracts/runtime/status.ts';
import type { NodeOptions } from './node-options.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';
import { bootOf, hasOurConditions, type NodeHealth, nodeObject, nodeStatus } from './plan-node-status.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const BEFORE = '2025-12-31T00:00:00Z';
const OPTIONS: NodeOptions = { node: 'n1', ip: '192.0.2.1', version: 'v1' };
const INFO: RuntimeInfo = {
  runtime: 'docker',
  version: '20.10',
  operatingSystem: 'linux',
  osImage: 'Debian',
  kernelVersion: '6.1',
  architecture: 'arm64',
  cpuMillis: 1500,
  memoryBytes: 2 ** 31 + 1,
};
const HEALTHY: NodeHealth = { ready: true };
const status = (before?: NodeStatus, health = HEALTHY, options: Partial<NodeOptions> = {}): NodeStatus =>
  nodeStatus({ ...OPTIONS, ...options }, INFO, health, before, NOW);
const conditionIn = (of: NodeStatus, type: string): NodeCondition | undefined =>
  of.conditions?.find((condition) => condition.type === type);

describe('nodeStatus', () => {
  it.each([
    { why: 'what the machine has', given: {}, is: { cpu: '1500m', memory: '2097152Ki', pods: '110' } },
    {
      why: 'what it is told to have',
      given: { cpu: '4', pods: '9' },
      is: { cpu: '4', memory: '2097152Ki', pods: '9' },
    },
    { why: 'memory too', given: { memory: '1Gi' }, is: { cpu: '1500m', memory: '1Gi', pods: '110' } },
  ])('capacity: $why', ({ given, is }) => {
    const { capacity, allocatable } = status(undefined, HEALTHY, { capacity: given });
    expect([capacity, allocatable]).toEqual([is, is]);
  });

  it.each<{ why: string; health: NodeHealth; is: object }>([
    { why: 'ready', health: HEALTHY, is: { status: 'True', reason: 'KubeletReady' } },
    {
      why: 'not, and why',
      health: { ready: false, message: 'no engine' },
      is: { status: 'False', message: 'no engine' },
    },
    { why: 'not, and nobody says why', health: { ready: false }, is: { message: 'container runtime is down' } },
  ])('Ready: $why', ({ health, is }) => {
    expect(conditionIn(status(undefined, health), 'Ready')).toMatchObject(is);
  });

  it.each([
    { why: 'the same verdict keeps its moment', was: 'True', since: BEFORE },
    { why: 'another begins now', was: 'Unknown', since: rfc3339(NOW) },
  ])('$why', ({ was, since }) => {
    const before = { conditions: [{ type: 'Ready', status: was, lastTransitionTime: BEFORE }] };
    const beat = { lastTransitionTime: since, lastHeartbeatTime: rfc3339(NOW) };
    expect(conditionIn(status(before), 'Ready')).toMatchObject(beat);
  });

  it('conditions of others stay, after ours and each once', () => {
    const theirs = { type: 'NetworkUnavailable', status: 'False' };
    const { conditions } = status({ conditions: [theirs, { type: 'DiskPressure', status: 'True' }] });
    const types = conditions?.map(({ type }) => type);
    expect(types).toEqual(['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready', 'NetworkUnavailable']);
    expect(conditions?.at(-1)).toEqual(theirs);
  });
});

it('a node has the labels of its machine, which whoever starts it may set otherwise', () => {
  const labels = { disk: 'ssd', 'kubernetes.io/hostname': 'other' };
  expect(nodeObject({ ...OPTIONS, labels }, INFO, {}).metadata?.labels).toEqual({
    'kubernetes.io/hostname': 'other',
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'arm64',
    disk: 'ssd',
  });
});

it.each([
  { why: 'as we say it', stored: status(), is: true },
  { why: 'called unknown meanwhile', stored: { conditions: [{ type: 'Ready', status: 'Unknown' }] }, is: false },
  { why: 'not ready in the store', stored: status(undefined, { ready: false }), is: false },
  { why: 'nothing is said', stored: {}, is: false },
])('hasOurConditions: $why', ({ stored, is }) => {
  expect(hasOurConditions({ status: stored }, HEALTHY)).toBe(is);
});

it.each([
  {
    why: 'of a Node that says it',
    node: nodeObject(OPTIONS, INFO, status(undefined, HEALTHY, { bootId: 'b' })),
    is: 'b',
  },
  { why: 'of a machine that does not know it', node: nodeObject(OPTIONS, INFO, status()), is: '' },
  { why: 'of no Node', node: undefined, is: '' },
])('bootOf: $why', ({ node, is }) => {
  expect(bootOf(node)).toBe(is);
});
