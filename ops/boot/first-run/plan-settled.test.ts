import { expect, it } from 'vitest';
import { hasOldStatus, hasReported, isSettled } from './plan-settled.ts';

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

const since = Date.parse('2026-01-01T12:00:00.700Z');
it.each([
  { why: 'has never reported', at: undefined, reported: false },
  { why: 'reported before', at: '2026-01-01T11:59:59Z', reported: false },
  { why: 'reported within that second', at: '2026-01-01T12:00:00Z', reported: true },
  { why: 'reported later', at: '2026-01-01T12:00:02Z', reported: true },
])('a node that $why: $reported', ({ at, reported }) => {
  const ready = { type: 'Ready', status: 'True', ...(at === undefined ? {} : { lastHeartbeatTime: at }) };
  expect(hasReported({ status: { conditions: [ready] } }, since)).toBe(reported);
});

it.each([
  { why: 'runs on from before', uid: 'a', startedAt: '2026-01-01T11:00:00Z', ofBefore: false },
  { why: 'was removed while its node was down', uid: 'gone', startedAt: '2026-01-01T11:00:00Z', ofBefore: true },
  { why: 'was started since', uid: 'new', startedAt: '2026-01-01T12:00:00Z', ofBefore: false },
  { why: 'waits to be started', uid: 'new', startedAt: undefined, ofBefore: false },
  { why: 'is of another node', uid: 'gone', startedAt: '2026-01-01T11:00:00Z', node: 'other', ofBefore: false },
])('a pod that $why is told as it was before: $ofBefore', ({ uid, startedAt, node = 'here', ofBefore }) => {
  const state = startedAt === undefined ? { waiting: { reason: 'ContainerCreating' } } : { running: { startedAt } };
  const container = { name: 'main', image: 'web', imageID: '', ready: true, restartCount: 0, state };
  const pod = {
    metadata: { uid },
    spec: { nodeName: node, containers: [] },
    status: { containerStatuses: [container] },
  };
  expect(hasOldStatus(pod, { name: 'here', since }, new Set(['a']))).toBe(ofBefore);
});
