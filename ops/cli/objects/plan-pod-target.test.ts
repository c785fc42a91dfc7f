import { expect, it } from 'vitest';
import type { Pod, PodStatus } from '../../../contracts/kinds/kinds.ts';
import { pickContainer, pickPod } from './plan-pod-target.ts';

const READY: PodStatus = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
const pod = (name: string, status: PodStatus, metadata: Pod['metadata'] = {}): Pod => ({
  metadata: { name, ...metadata },
  status,
});

it.each([
  { why: 'none of none', pods: [], is: undefined },
  { why: 'a ready one before one that runs', pods: [pod('a', { phase: 'Running' }), pod('b', READY)], is: 'b' },
  {
    why: 'one that runs before one that waits',
    pods: [pod('a', { phase: 'Pending' }), pod('b', { phase: 'Running' })],
    is: 'b',
  },
  {
    why: 'one on its way out last',
    pods: [pod('a', READY, { deletionTimestamp: '2026-01-01T00:00:00Z' }), pod('b', {})],
    is: 'b',
  },
  {
    why: 'the older of two that are ready',
    pods: [
      pod('a', READY, { creationTimestamp: '2026-01-02T00:00:00Z' }),
      pod('b', READY, { creationTimestamp: '2026-01-01T00:00:00Z' }),
    ],
    is: 'b',
  },
  { why: 'the first by name of two of one moment', pods: [pod('b', READY), pod('a', READY)], is: 'a' },
])('picks $why', ({ pods, is }) => {
  expect(pickPod(pods)?.metadata?.name).toBe(is);
});

const DEFAULT = 'kubectl.kubernetes.io/default-container';
const two = (annotations?: Record<string, string>): Pod => ({
  metadata: { name: 'web', ...(annotations === undefined ? {} : { annotations }) },
  spec: { containers: [{ name: 'main' }, { name: 'side' }], initContainers: [{ name: 'init' }] },
});

it.each([
  { why: 'the one that is named', of: two(), wished: 'init', is: { container: 'init' } },
  {
    why: 'none that the pod lacks',
    of: two(),
    wished: 'x',
    is: { problem: 'pod "web" has no container "x"; it has main, side, init' },
  },
  { why: 'the one of the annotation', of: two({ [DEFAULT]: 'side' }), wished: undefined, is: { container: 'side' } },
  {
    why: 'the first, and says so, where the annotation names none',
    of: two({ [DEFAULT]: 'x' }),
    wished: undefined,
    is: { container: 'main', note: 'Defaulted container "main" out of: main, side, init; choose another with -c' },
  },
  {
    why: 'the only one',
    of: { spec: { containers: [{ name: 'main' }] } },
    wished: undefined,
    is: { container: 'main' },
  },
  {
    why: 'none of a pod without',
    of: { metadata: { name: 'web' } },
    wished: undefined,
    is: { problem: 'pod "web" has no container' },
  },
])('reads $why', ({ of, wished, is }) => {
  expect(pickContainer(of as Pod, wished)).toEqual(is);
});
