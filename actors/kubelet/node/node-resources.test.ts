import { expect, it } from 'vitest';
import { nodeResources } from './node-resources.ts';

const INFO = {
  runtime: 'docker',
  version: '1',
  operatingSystem: 'linux',
  osImage: '',
  kernelVersion: '',
  architecture: 'amd64',
  cpuMillis: 2000,
  memoryBytes: 2 ** 30,
  ephemeralStorageBytes: 100 * 2 ** 20,
};
const NODE = { node: 'n', ip: '10.0.0.1', version: 'v1' };

it('a node gives pods all it has where nothing is reserved', () => {
  const { capacity, allocatable } = nodeResources(NODE, INFO);
  expect(capacity).toEqual({ cpu: '2', memory: '1048576Ki', 'ephemeral-storage': '102400Ki', pods: '110' });
  expect(allocatable).toEqual(capacity);
});

it('what is reserved, and what makes the kubelet evict, is taken off', () => {
  const { allocatable } = nodeResources(
    {
      ...NODE,
      kubeReserved: { cpu: '100m', memory: '24Mi' },
      systemReserved: { cpu: '200m' },
      eviction: { hard: 'memory.available<100Mi,nodefs.available<10%' },
    },
    INFO,
  );
  expect(allocatable).toEqual({ cpu: '1700m', memory: '921600Ki', 'ephemeral-storage': '92160Ki', pods: '110' });
});
