import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DispatchedPod } from '../../contracts/messages/node.ts';
import { planBatches } from './plan-batches.ts';

const data = { big: 'x'.repeat(1000) };
const pod = (name: string, shares = false): DispatchedPod => ({
  pod: { metadata: { name } },
  ...(shares ? { configMaps: { 'd/big': { data, resourceVersion: '1' } } } : {}),
});

it.each([
  { why: 'nothing is one empty message', pods: [], batches: [0] },
  { why: 'few together', pods: [pod('a'), pod('b')], batches: [2] },
  { why: 'no more than so many', pods: [pod('a'), pod('b'), pod('c'), pod('d')], batches: [3, 1] },
  { why: 'what they share counts for each', pods: [pod('a', true), pod('b', true), pod('c')], batches: [1, 2] },
])('$why', ({ pods, batches }) => {
  expect(planBatches(pods, { pods: 3, bytes: 1500 }).map(({ length }) => length)).toEqual(batches);
});

it('loses and reorders nothing, and no message is empty', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1 }), fc.integer({ min: 1, max: 5000 }), (shares, bytes) => {
      const pods = shares.map((each, at) => pod(`p${at}`, each));
      const batches = planBatches(pods, { pods: 5, bytes });
      expect(batches.flat()).toEqual(pods);
      expect(batches.every(({ length }) => length > 0 && length <= 5)).toBe(true);
    }),
  );
});
