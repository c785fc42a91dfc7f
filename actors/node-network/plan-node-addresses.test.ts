import { expect, it } from 'vitest';
import type { Node } from '../../contracts/kinds/kinds.ts';
import { planNodeAddresses } from './plan-node-addresses.ts';

const node = (name: string, more: Partial<Node> = {}): Node => ({ metadata: { name }, ...more });
const READY = { type: 'Ready', status: 'True' };

it.each([
  {
    why: 'knows nothing of a new node but its name',
    of: node('a'),
    row: { addresses: [], podCIDRs: [], ready: false },
  },
  {
    why: 'takes internal addresses alone',
    of: node('a', {
      status: {
        addresses: [
          { type: 'Hostname', address: 'a' },
          { type: 'InternalIP', address: '10.0.0.1' },
        ],
        conditions: [READY],
      },
    }),
    row: { addresses: ['10.0.0.1'], podCIDRs: [], ready: true },
  },
  {
    why: 'takes one range',
    of: node('a', { spec: { podCIDR: '10.244.1.0/24' } }),
    row: { addresses: [], podCIDRs: ['10.244.1.0/24'], ready: false },
  },
  {
    why: 'prefers all ranges',
    of: node('a', { spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24', 'fd00::/64'] } }),
    row: { addresses: [], podCIDRs: ['10.244.1.0/24', 'fd00::/64'], ready: false },
  },
])('$why', ({ of, row }) => {
  expect(planNodeAddresses([of])).toEqual([{ name: 'a', ...row }]);
});

it('is in the order of names', () => {
  expect(planNodeAddresses([node('b'), node('a')]).map(({ name }) => name)).toEqual(['a', 'b']);
});
