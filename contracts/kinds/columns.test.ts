import { describe, expect, it } from 'vitest';
import type { ContainerStatus, KubeObject, Pod } from './kinds.ts';
import { summarizePod } from './pod/columns.ts';
import { KINDS } from './registry.ts';

const NOW = Date.parse('2026-01-02T00:00:00Z');
const BORN = { creationTimestamp: '2026-01-01T23:55:30Z' };
/** One line as `get` prints it; wide columns too. */
const line = (word: string, object: object): Record<string, string> =>
  Object.fromEntries(
    (KINDS.find(({ shortNames, singular }) => [singular, ...shortNames].includes(word))?.columns ?? []).map(
      (column) => [column.name, column.value(object as KubeObject, NOW)],
    ),
  );

const container = (more: object, at = 'a'): ContainerStatus => ({
  name: at,
  image: 'x',
  imageID: 'x',
  ready: false,
  restartCount: 0,
  ...more,
});
const pod = (status: object, more: object = {}): Pod => ({
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'a', image: 'x' }] },
  status,
  ...more,
});
const running = { ready: true, state: { running: {} } };
const withInit = { spec: { containers: [{ name: 'a' }], initContainers: [{ name: 'i' }, { name: 'j' }] } };
const withSidecar = { spec: { containers: [{ name: 'a' }], initContainers: [{ name: 'i', restartPolicy: 'Always' }] } };

describe('STATUS of a pod', () => {
  it.each([
    [pod({ phase: 'Pending' }), '0/1 Pending 0'],
    [pod({ phase: 'Running', containerStatuses: [container(running)] }), '1/1 Running 0'],
    [
      pod({
        phase: 'Running',
        containerStatuses: [container({ restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } })],
      }),
      '0/1 CrashLoopBackOff 3',
    ],
    [
      pod({ phase: 'Pending', containerStatuses: [container({ state: { waiting: { reason: 'ImagePullBackOff' } } })] }),
      '0/1 ImagePullBackOff 0',
    ],
    [
      pod({
        phase: 'Succeeded',
        containerStatuses: [container({ state: { terminated: { exitCode: 0, reason: 'Completed' } } })],
      }),
      '0/1 Completed 0',
    ],
    [
      pod({ phase: 'Failed', containerStatuses: [container({ state: { terminated: { exitCode: 3 } } })] }),
      '0/1 ExitCode:3 0',
    ],
    [
      pod({ phase: 'Failed', containerStatuses: [container({ state: { terminated: { exitCode: 137, signal: 9 } } })] }),
      '0/1 Signal:9 0',
    ],
    [pod({ phase: 'Failed', reason: 'Evicted' }), '0/1 Evicted 0'],
    [
      pod({ phase: 'Running', containerStatuses: [container(running)] }, { metadata: { deletionTimestamp: 'x' } }),
      '1/1 Terminating 0',
    ],
    [pod({ phase: 'Failed', reason: 'NodeLost' }, { metadata: { deletionTimestamp: 'x' } }), '0/1 Unknown 0'],
    [pod({ phase: 'Succeeded' }, { metadata: { deletionTimestamp: 'x' } }), '0/1 Succeeded 0'],
    [
      pod({ phase: 'Pending', initContainerStatuses: [container({ state: { running: {} } }, 'i')] }, withInit),
      '0/1 Init:0/2 0',
    ],
    [
      pod(
        {
          phase: 'Pending',
          initContainerStatuses: [
            container({ state: { terminated: { exitCode: 1, reason: 'Error' } }, restartCount: 2 }, 'i'),
          ],
        },
        withInit,
      ),
      '0/1 Init:Error 2',
    ],
    [
      pod(
        {
          phase: 'Pending',
          initContainerStatuses: [container({ state: { waiting: { reason: 'CrashLoopBackOff' } } }, 'i')],
        },
        withInit,
      ),
      '0/1 Init:CrashLoopBackOff 0',
    ],
    [
      pod(
        {
          phase: 'Pending',
          initContainerStatuses: [
            container({ state: { terminated: { exitCode: 0 } } }, 'i'),
            container({ state: { waiting: { reason: 'PodInitializing' } } }, 'j'),
          ],
        },
        withInit,
      ),
      '0/1 Init:1/2 0',
    ],
    [
      pod(
        {
          phase: 'Running',
          initContainerStatuses: [container({ ...running, started: true }, 'i')],
          containerStatuses: [container(running)],
        },
        withSidecar,
      ),
      '2/2 Running 0',
    ],
    [
      pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
      '0/1 SchedulingGated 0',
    ],
  ])('%#', (object, text) => {
    const { ready, total, status, restarts } = summarizePod(object);
    expect(`${ready}/${total} ${status} ${restarts}`).toBe(text);
  });

  it('two containers, one of which is through', () => {
    const statuses = [
      container({ state: { terminated: { exitCode: 0, reason: 'Completed' } } }),
      container(running, 'b'),
    ];
    expect(summarizePod(pod({ phase: 'Running', containerStatuses: statuses })).status).toBe('NotReady');
    const conditions = [{ type: 'Ready', status: 'True' }];
    expect(summarizePod(pod({ phase: 'Running', containerStatuses: statuses, conditions })).status).toBe('Running');
  });

  it('tells when it restarted last', () => {
    const lastState = { terminated: { exitCode: 1, finishedAt: '2026-01-01T23:57:00Z' } };
    expect(
      line('po', pod({ containerStatuses: [container({ ...running, restartCount: 2, lastState })] })),
    ).toMatchObject({ RESTARTS: '2 (3m ago)' });
  });
});

describe('columns', () => {
  const template = {
    spec: {
      containers: [
        { name: 'a', image: 'x' },
        { name: 'b', image: 'y' },
      ],
    },
  };
  const spec = { replicas: 3, selector: { matchLabels: { app: 'web' } }, template };
  it.each([
    [
      'po',
      pod({ podIP: '10.0.0.1' }, { metadata: { name: 'web', ...BORN } }),
      { NAME: 'web', AGE: '4m30s', IP: '10.0.0.1', NODE: '<none>', 'READINESS GATES': '<none>' },
    ],
    [
      'deploy',
      { spec, status: { readyReplicas: 1, updatedReplicas: 2 } },
      {
        READY: '1/3',
        'UP-TO-DATE': '2',
        AVAILABLE: '0',
        AGE: '<unknown>',
        CONTAINERS: 'a,b',
        IMAGES: 'x,y',
        SELECTOR: 'app=web',
      },
    ],
    ['rs', { spec, status: { replicas: 2, readyReplicas: 1 } }, { DESIRED: '3', CURRENT: '2', READY: '1' }],
    [
      'no',
      {
        metadata: { labels: { 'node-role.kubernetes.io/control-plane': '' } },
        spec: { unschedulable: true },
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          nodeInfo: { kubeletVersion: 'v0.1.0' },
          addresses: [{ type: 'InternalIP', address: '10.0.0.9' }],
        },
      },
      {
        STATUS: 'Ready,SchedulingDisabled',
        ROLES: 'control-plane',
        VERSION: 'v0.1.0',
        'INTERNAL-IP': '10.0.0.9',
        'EXTERNAL-IP': '<none>',
        'OS-IMAGE': '<unknown>',
      },
    ],
    ['no', { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }, { STATUS: 'NotReady', ROLES: '<none>' }],
    ['ns', { status: { phase: 'Active' } }, { STATUS: 'Active' }],
    ['cm', { data: { a: '', b: '' }, binaryData: { c: '' } }, { DATA: '3' }],
    ['secret', { type: 'Opaque', data: { a: '' } }, { TYPE: 'Opaque', DATA: '1' }],
    ['sa', { secrets: [{ name: 'a' }] }, { SECRETS: '1' }],
    [
      'ev',
      {
        metadata: { name: 'e' },
        involvedObject: { kind: 'Pod', name: 'web' },
        type: 'Warning',
        reason: 'BackOff',
        message: ' again\n',
        lastTimestamp: '2026-01-01T23:59:30Z',
        count: 4,
        source: { component: 'kubelet', host: 'n1' },
      },
      {
        'LAST SEEN': '30s',
        TYPE: 'Warning',
        REASON: 'BackOff',
        OBJECT: 'pod/web',
        MESSAGE: 'again',
        COUNT: '4',
        SOURCE: 'kubelet, n1',
      },
    ],
  ])('%s', (word, object, columns) => {
    expect(line(word, object)).toMatchObject(columns);
  });
});
