import { expect, it } from 'vitest';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { allReady, podSummary } from './plan-pod-summary.ts';

const ready: Pod = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
const pending: Pod = { status: { phase: 'Pending' } };
const badImage: Pod = {
  status: {
    phase: 'Pending',
    containerStatuses: [
      {
        name: 'web',
        image: 'x',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { waiting: { reason: 'ErrImagePull' } },
      },
    ],
  },
};
const leaving: Pod = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, ...ready };

it.each([
  { why: 'says when there is none', pods: [], line: 'no pods yet' },
  { why: 'counts the ready ones', pods: [ready, ready], line: '2 of 2 pods ready', all: true },
  {
    why: 'names what keeps the others',
    pods: [ready, pending, badImage],
    line: '1 of 3 pods ready (1 ErrImagePull, 1 Pending)',
  },
  { why: 'counts a leaving one as leaving', pods: [leaving], line: '0 of 1 pod ready (1 Terminating)' },
])('$why', ({ pods, line, all = false }) => {
  expect(podSummary(pods)).toBe(line);
  expect(allReady(pods)).toBe(all);
});
