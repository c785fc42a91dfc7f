import { expect, it } from 'vitest';
import { containerStatus, type Inspected, sandboxStatus } from './container-status.ts';
import { LABEL } from './labels.ts';

const NEVER = '0001-01-01T00:00:00Z';
const STARTED = '2026-11-24T10:00:01.5Z';
const FINISHED = '2026-11-24T10:00:02.123456789Z';
const Labels = {
  [LABEL.podUid]: 'u',
  [LABEL.podNamespace]: 'ns',
  [LABEL.podName]: 'web',
  [LABEL.container]: 'main',
  [LABEL.attempt]: '2',
  [LABEL.specHash]: 'h',
  [LABEL.sandboxId]: 's',
  [LABEL.image]: 'web:1',
};
const found = (state: Partial<Inspected['State']>): Inspected => ({
  Id: 'c',
  Created: '2026-11-24T10:00:00Z',
  Image: 'sha256:1',
  State: {
    Status: 'running',
    OOMKilled: false,
    ExitCode: 0,
    Error: '',
    StartedAt: STARTED,
    FinishedAt: NEVER,
    ...state,
  },
  Config: { Labels },
});
const startedAt = Date.parse(STARTED);
const finishedAt = Date.parse(FINISHED);

it.each<{ why: string; state: Partial<Inspected['State']>; is: Record<string, unknown> }>([
  { why: 'made', state: { Status: 'created', StartedAt: NEVER }, is: { state: 'created' } },
  { why: 'running', state: {}, is: { state: 'running', startedAt } },
  { why: 'paused', state: { Status: 'paused' }, is: { state: 'running', startedAt } },
  {
    why: 'done',
    state: { Status: 'exited', FinishedAt: FINISHED },
    is: { state: 'exited', startedAt, finishedAt, exitCode: 0, oomKilled: false, reason: 'Completed' },
  },
  {
    why: 'failed',
    state: { Status: 'exited', ExitCode: 3, FinishedAt: FINISHED },
    is: { state: 'exited', startedAt, finishedAt, exitCode: 3, oomKilled: false, reason: 'Error' },
  },
  {
    why: 'out of memory',
    state: { Status: 'exited', ExitCode: 137, OOMKilled: true, FinishedAt: FINISHED },
    is: { state: 'exited', startedAt, finishedAt, exitCode: 137, oomKilled: true, reason: 'OOMKilled' },
  },
  {
    why: 'never ran',
    state: { Status: 'created', ExitCode: 127, Error: 'no such file', StartedAt: NEVER },
    is: {
      state: 'exited',
      finishedAt: Date.parse('2026-11-24T10:00:00Z'),
      exitCode: 127,
      oomKilled: false,
      reason: 'ContainerCannotRun',
      message: 'no such file',
    },
  },
  { why: 'going', state: { Status: 'removing' }, is: { state: 'unknown', startedAt } },
])('a container: $why', ({ state, is }) => {
  expect(containerStatus(found(state))).toEqual({
    id: 'c',
    sandboxId: 's',
    pod: { uid: 'u', namespace: 'ns', name: 'web' },
    name: 'main',
    attempt: 2,
    specHash: 'h',
    image: 'web:1',
    imageId: 'sha256:1',
    createdAt: Date.parse('2026-11-24T10:00:00Z'),
    ...is,
  });
});

it('a container that says much of why it could not run is cut, for all containers of a node go into one message', () => {
  const Error = `exec: "${'x'.repeat(100_000)}": executable file not found`;
  const { message = '' } = containerStatus(found({ Status: 'created', ExitCode: 127, Error, StartedAt: NEVER }));
  expect(message).toMatch(/^exec: "x+…x+": executable file not found$/);
  expect(message.length).toBeLessThan(5000);
});

it.each([
  { why: 'running', State: 'running', IPAddress: '172.17.0.2', is: { state: 'ready', ip: '172.17.0.2' } },
  { why: "on the node's network", State: 'running', IPAddress: '', is: { state: 'ready' } },
  { why: 'ended', State: 'exited', IPAddress: '172.17.0.2', is: { state: 'notReady' } },
])('a sandbox: $why', ({ State, IPAddress, is }) => {
  const network = {
    NetworkID: '',
    EndpointID: '',
    Gateway: '',
    IPPrefixLen: 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    MacAddress: '',
  };
  const entry = {
    Id: 's',
    Created: 1_000,
    State,
    Labels,
    NetworkSettings: { Networks: { bridge: { ...network, IPAddress } } },
  };
  const pod = { uid: 'u', namespace: 'ns', name: 'web' };
  expect(sandboxStatus(entry)).toEqual({ id: 's', pod, attempt: 2, createdAt: 1_000_000, ...is });
});
