import { expect, it } from 'vitest';
import type { Container } from '../../../contracts/kinds/kinds.ts';
import type { ContainerStatus, SandboxStatus } from '../../../contracts/runtime/status.ts';
import { type ContainerRecord, newState } from '../pods/pod-types.ts';
import { specHash } from './container-config.ts';
import type { Decision } from './container-decision.ts';
import { planContainer } from './plan-container.ts';

/* What a plan of a whole pod makes of its containers is in plan-pod-sync.test.ts; here are the rules that show in none. */

const NOW = Date.parse('2026-01-01T00:00:00Z');
const pod = { uid: 'u', namespace: 'default', name: 'p' };
const sandbox: SandboxStatus = { id: 's1', pod, attempt: 1, state: 'ready', ip: '10.0.0.7', createdAt: NOW };
const WEB: Container = { name: 'web', image: 'web:1' };

const have = (more: Partial<ContainerStatus>): ContainerStatus => ({
  ...{ id: 'c0', sandboxId: 's1', pod, name: 'web', attempt: 0, specHash: specHash(WEB), state: 'exited' },
  ...{ image: 'web:1', imageId: 'sha256:1', createdAt: NOW - 5000, exitCode: 0, finishedAt: NOW - 1000 },
  ...more,
});

interface Row {
  readonly why: string;
  readonly of?: Partial<Container>;
  readonly init?: boolean;
  readonly restartPolicy?: string;
  readonly has?: Partial<ContainerStatus>;
  readonly record?: ContainerRecord;
  readonly images?: readonly string[];
  readonly is: object;
}
function decided({ of, init = false, restartPolicy = 'Always', has, record, images = ['web:1'] }: Row): Decision {
  const container = { ...WEB, ...of };
  const containers = has === undefined ? [] : [have(has)];
  const spec = { restartPolicy, containers: [container] };
  const input = {
    uid: 'u',
    dispatched: { pod: { metadata: pod, spec } },
    level: { sandboxes: [sandbox], containers },
    state: { ...newState(NOW), ...(record === undefined ? {} : { containers: { web: record } }) },
    images: new Map(images.map((image) => [image, `sha256:${image}`])),
    node: { name: 'a', ip: '192.0.2.1', runtime: 'docker', cpuMillis: 2000, memoryBytes: 4e9 },
    status: {},
    now: NOW,
  };
  return planContainer({ input, sandbox, graceMs: 1000 }, container, init);
}
const removed = { verb: { op: 'removeContainer', body: { containerId: 'c0' } } };
const created = (attempt: number, more: object = {}) => ({
  verb: { op: 'createContainer', body: { name: 'web', attempt }, ...more },
});

it.each<Row>([
  { why: 'of a container whose state nobody knows another is made', has: { state: 'unknown' }, is: removed },
  {
    why: 'what was made for another sandbox and never started goes',
    has: { state: 'created', sandboxId: 's0' },
    is: { ...removed, record: { replaced: 0 } },
  },
  {
    why: "its own restart policy comes before the pod's",
    of: { restartPolicy: 'Never' },
    has: { exitCode: 1 },
    is: { ended: { exitCode: 1 } },
  },
  {
    why: 'an init container that failed with another sandbox is restarted, with its waits, and not repeated',
    init: true,
    restartPolicy: 'OnFailure',
    has: { sandboxId: 's0', exitCode: 1 },
    record: { restart: { attempt: 0, at: NOW - 2000, delayMs: 20_000 } },
    is: { wait: { reason: 'CrashLoopBackOff' } },
  },
  {
    why: 'so is a side car, whatever it ended with',
    init: true,
    of: { restartPolicy: 'Always' },
    has: { sandboxId: 's0' },
    record: { restart: { attempt: 0, at: NOW - 2000, delayMs: 20_000 } },
    is: { wait: { reason: 'CrashLoopBackOff' } },
  },
  {
    why: 'no attempt is made twice, though the engine has lost the newest',
    has: { attempt: 1 },
    record: { attempt: 3 },
    is: created(4),
  },
  {
    why: 'an image that was pulled for it is not told as present',
    record: { image: { attempt: 0, id: 'sha256:web:1', pulled: true } },
    is: created(0, { present: false }),
  },
  {
    why: 'one that was there is',
    record: { image: { attempt: 0, id: 'sha256:web:1' } },
    is: created(0, { present: true }),
  },
  {
    why: 'one that was pulled before the pod named another is not run in its stead',
    record: { image: { attempt: 0, name: 'old:1', id: 'sha256:old:1', pulled: true } },
    is: created(0, { present: true, body: { image: 'sha256:web:1' } }),
  },
  {
    why: 'nor is another pulled because the one before was not there',
    images: [],
    record: { image: { attempt: 0, name: 'old:1' } },
    is: { verb: { op: 'imageStatus', body: { image: 'web:1' } } },
  },
  {
    why: 'what was found out about this very image counts',
    images: [],
    record: { image: { attempt: 0, name: 'web:1' } },
    is: { verb: { op: 'pullImage', body: { image: 'web:1' } } },
  },
  {
    why: 'an image that must not be pulled is looked for with that word',
    of: { imagePullPolicy: 'Never' },
    images: [],
    is: { verb: { op: 'imageStatus', never: true } },
  },
])('$why', (row) => {
  expect(decided(row)).toMatchObject(row.is);
});
