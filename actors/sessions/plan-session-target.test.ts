import { expect, it } from 'vitest';
import type { SessionRequest } from '../../contracts/messages/sessions.ts';
import type { ContainerStatus, RuntimeLevel, SandboxStatus } from '../../contracts/runtime/status.ts';
import { planContainer, planSandbox } from './plan-session-target.ts';

const request = { namespace: 'default', pod: 'web', podUid: 'u1' } as SessionRequest;
const container = (attempt: number, state: ContainerStatus['state'], more: Partial<ContainerStatus> = {}) =>
  ({ id: `main-${attempt}`, pod: { uid: 'u1' }, name: 'main', attempt, state, ...more }) as ContainerStatus;
const sandbox = (attempt: number, state: SandboxStatus['state'], uid = 'u1') =>
  ({ id: `sandbox-${attempt}`, pod: { uid }, attempt, state }) as SandboxStatus;
const level = (containers: readonly ContainerStatus[], sandboxes: readonly SandboxStatus[] = []): RuntimeLevel => ({
  containers,
  sandboxes,
});
const found = (plan: () => { readonly id: string }): string => {
  try {
    return plan().id;
  } catch (error) {
    return (error as Error).message;
  }
};

it.each([
  { why: 'the newest attempt', has: [container(1, 'running'), container(0, 'exited')], is: 'main-1' },
  {
    why: 'no earlier attempt in its place',
    has: [container(0, 'running'), container(1, 'created')],
    is: 'exec into pod default/web: container "main" is not running (it is created)',
  },
  {
    why: 'no container of another name or pod',
    has: [container(0, 'running', { name: 'side' }), container(0, 'running', { pod: { uid: 'u2' } as never })],
    is: 'exec into pod default/web: container not found ("main"); it may not have started yet',
  },
])('runs in $why', ({ has, is }) => {
  expect(found(() => planContainer(request, 'main', level(has)))).toBe(is);
});

it.each([
  {
    why: 'the newest that is ready',
    has: [sandbox(0, 'ready'), sandbox(1, 'ready'), sandbox(2, 'notReady')],
    is: 'sandbox-1',
  },
  {
    why: 'none of another pod',
    has: [sandbox(0, 'ready', 'u2')],
    is: 'forward ports of pod default/web: the pod is not running on this node',
  },
])('connects to $why', ({ has, is }) => {
  expect(found(() => planSandbox(request, level([], has)))).toBe(is);
});
