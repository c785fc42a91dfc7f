import { expect, it } from 'vitest';
import { isSettled } from './plan-settled.ts';

const actors = { 'api-server': 1, kubelet: 1 };
it.each([
  { why: 'nothing runs yet', status: { deployments: {}, actors }, settled: true },
  { why: 'as many as wanted', status: { deployments: { web: { wanted: 2, ready: 2 } }, actors }, settled: true },
  { why: 'one is missing', status: { deployments: { web: { wanted: 2, ready: 1 } }, actors }, settled: false },
  {
    why: 'the worker has not joined yet',
    status: { deployments: { web: { wanted: 2, ready: 2 } }, actors: { 'api-server': 1 } },
    settled: false,
  },
])('$why', ({ status, settled }) => {
  expect(isSettled(status)).toBe(settled);
});
