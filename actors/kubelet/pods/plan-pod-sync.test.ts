import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import type {
  Container,
  ContainerStatus as KubeContainerStatus,
  Pod,
  PodSpec,
  PodStatus,
} from '../../../contracts/kinds/kinds.ts';
import { conditionOf } from '../../../contracts/kinds/meta/conditions.ts';
import type { DispatchedPod } from '../../../contracts/messages/node.ts';
import type { ContainerStatus, SandboxStatus } from '../../../contracts/runtime/status.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';
import { ModelRuntime } from '../../../test/support/model-runtime.ts';
import { specHash } from '../containers/container-config.ts';
import { applyAnswer } from '../runtime/apply-answer.ts';
import { applyFailure } from '../runtime/apply-failure.ts';
import { planPodSync } from './plan-pod-sync.ts';
import { type NodeFacts, newState, type PodInput, type PodPlan, type PodState, type PodVerb } from './pod-types.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const node: NodeFacts = { name: 'a', ip: '192.168.0.1', runtime: 'docker', cpuMillis: 2000, memoryBytes: 4e9 };
const web: Container = { name: 'web', image: 'web:1' };

const podOf = (spec: Partial<PodSpec> = {}, more: { metadata?: Pod['metadata']; status?: PodStatus } = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { uid: 'u', namespace: 'default', name: 'p', ...more.metadata },
  spec: { nodeName: 'a', restartPolicy: 'Always', containers: [web], ...spec },
  ...(more.status === undefined ? {} : { status: more.status }),
});
const ref = { uid: 'u', namespace: 'default', name: 'p' };
const box = (more: Partial<SandboxStatus> = {}): SandboxStatus => ({
  id: 's0',
  pod: ref,
  attempt: 0,
  state: 'ready',
  ip: '10.0.0.7',
  createdAt: NOW,
  ...more,
});
const have = (more: Partial<ContainerStatus> = {}): ContainerStatus => ({
  id: `${more.name ?? 'web'}-${more.attempt ?? 0}`,
  sandboxId: 's0',
  pod: ref,
  name: 'web',
  attempt: 0,
  specHash: specHash({ name: more.name ?? 'web', image: more.image ?? 'web:1' }),
  state: 'running',
  image: 'web:1',
  imageId: 'sha256:web:1',
  createdAt: NOW - 5000,
  startedAt: NOW - 5000,
  ...more,
});
const dead = (exitCode: number, more: Partial<ContainerStatus> = {}): ContainerStatus =>
  have({ state: 'exited', exitCode, finishedAt: NOW - 1000, ...more });

it('shows a container whose question can never be granted', () => {
  const [verb] = planPodSync(inputOf({ sandboxes: [box()] })).verbs;
  const known = { level: { sandboxes: [box()], containers: [] }, state: newState(NOW) };
  const tooLarge = statusError('RequestEntityTooLarge', 'send on runtime.a: more than the server takes');
  const { state, notes } = applyFailure(known, verb as PodVerb, tooLarge, NOW);
  expect(state.containers['web']?.failure).toMatchObject({ reason: 'CreateContainerError', until: NOW + 10_000 });
  expect(notes).toMatchObject([{ type: 'Warning', reason: 'Failed' }]);
  const away = statusError('ServiceUnavailable', 'no engine');
  expect(applyFailure(known, verb as PodVerb, away, NOW).state.containers).toEqual({});
});

it('looks at each container of a pod a few times, however many there are', () => {
  const names = Array.from({ length: 1_000 }, (_, at) => `c${at}`);
  let looks = 0;
  const counted = <T extends object>(list: T[]): T[] =>
    new Proxy(list, {
      get(target, at) {
        if (typeof at === 'string' && /^\d+$/.test(at)) looks += 1;
        return Reflect.get(target, at) as unknown;
      },
    });
  const input = inputOf({
    spec: { containers: names.map((name) => ({ name, image: 'web:1' })) },
    sandboxes: [box()],
    have: counted(names.map((name) => have({ name }))),
  });
  const { status } = planPodSync(input);
  const known = { ...status, containerStatuses: counted([...(status?.containerStatuses ?? [])]) };
  expect(planPodSync({ ...input, status: known })).toMatchObject({ verbs: [], status: { phase: 'Running' } });
  expect(looks).toBeLessThan(20 * names.length);
});

const lacksKey = {
  ...{ image: 'web:1', secrets: '{"default/s":"1"}', failures: 1, at: NOW, until: NOW + 10_000 },
  reason: 'CreateContainerConfigError',
  message: "couldn't find key k in Secret default/s",
};

interface Row {
  readonly spec?: Partial<PodSpec>;
  readonly metadata?: Pod['metadata'];
  readonly stored?: PodStatus;
  readonly configs?: Omit<DispatchedPod, 'pod'>;
  readonly gone?: true;
  readonly sandboxes?: readonly SandboxStatus[];
  readonly have?: readonly ContainerStatus[];
  readonly state?: Partial<PodState>;
  readonly images?: readonly string[];
  readonly status?: PodStatus;
}
function inputOf(row: Row): PodInput {
  const more = {
    ...(row.metadata === undefined ? {} : { metadata: row.metadata }),
    ...(row.stored === undefined ? {} : { status: row.stored }),
  };
  return {
    uid: 'u',
    ...(row.gone === true ? {} : { dispatched: { pod: podOf(row.spec, more), ...row.configs } }),
    level: { sandboxes: row.sandboxes ?? [], containers: row.have ?? [] },
    state: { ...newState(NOW), ...row.state },
    images: new Map((row.images ?? ['web:1']).map((image) => [image, `sha256:${image}`])),
    node,
    status: row.status ?? row.stored ?? {},
    now: NOW,
  };
}
function brief(verb: PodVerb): string {
  switch (verb.op) {
    case 'setUpVolumes':
      return `set up ${verb.body.volumes.map(({ name }) => name).join(' ')}`;
    case 'setProbes':
      return `probe ${verb.body.probes.map(({ kind }) => kind).join(' ')}`;
    case 'tearDownVolumes':
      return verb.body.keepFolder === true ? 'remove volumes' : 'remove folder';
    case 'runPodSandbox':
      return `sandbox ${verb.body.attempt}`;
    case 'stopPodSandbox':
    case 'removePodSandbox':
      return `${verb.op === 'stopPodSandbox' ? 'stop' : 'remove'} sandbox ${verb.body.sandboxId}`;
    case 'imageStatus':
      return `look ${verb.body.image}`;
    case 'pullImage':
      return `pull ${verb.body.image}`;
    case 'createContainer':
      return `create ${verb.body.name}/${verb.body.attempt}`;
    case 'startContainer':
      return `start ${verb.body.containerId}`;
    case 'stopContainer':
      return `stop ${verb.body.containerId} ${verb.body.graceMs}`;
    case 'removeContainer':
      return `remove ${verb.body.containerId}`;
  }
}
/** How the first container is shown: `running`, `waiting:Reason`, `terminated:Reason`. */
function shown(plan: PodPlan, name = 'web'): string {
  const all = [...(plan.status?.containerStatuses ?? []), ...(plan.status?.initContainerStatuses ?? [])];
  const state = all.find((each) => each.name === name)?.state;
  if (state?.running !== undefined) return 'running';
  return state?.waiting === undefined ? `terminated:${state?.terminated?.reason}` : `waiting:${state.waiting.reason}`;
}

const ready = [box()];
const twoInits = {
  initContainers: [
    { name: 'i1', image: 'web:1' },
    { name: 'i2', image: 'web:1' },
  ],
};
const initEnded = (name: string) => ({
  name,
  state: { terminated: { exitCode: 0, finishedAt: rfc3339(NOW - 5000) } },
  ...{ ready: true, restartCount: 0, image: 'web:1', imageID: '' },
});
/** What was told of the one container. */
const webStatus = (told: Partial<KubeContainerStatus>): PodStatus => ({
  containerStatuses: [{ name: 'web', image: 'web:1', imageID: '', ready: false, restartCount: 0, ...told }],
});
const lostInits: PodStatus = {
  initContainerStatuses: [initEnded('i1'), initEnded('i2')],
  ...webStatus({ ready: true, state: { running: { startedAt: rfc3339(NOW - 5000) } } }),
};
const init = (name: string, more: Partial<ContainerStatus> = {}): ContainerStatus => dead(0, { name, ...more });
const withEnv = (env: Container['env'], image = 'web:1'): Partial<PodSpec> => ({
  containers: [{ name: 'web', image, env: env ?? [] }],
});
const policy = (restartPolicy: string): Partial<PodSpec> => ({ restartPolicy });
const pulls = (imagePullPolicy: string, image = 'web:1'): Partial<PodSpec> => ({
  containers: [{ name: 'web', image, imagePullPolicy }],
});
const failure = (reason: string, ago: number, wait: number) => ({
  reason,
  message: 'm',
  failures: 1,
  at: NOW - ago,
  until: NOW - ago + wait,
});
const deleting = { deletionTimestamp: rfc3339(NOW), deletionGracePeriodSeconds: 5 };
const restarted = (attempt: number, delayMs: number, ago: number) => ({
  containers: { web: { attempt, restart: { attempt, at: NOW - ago, delayMs } } },
});

const rows: readonly (Row & {
  why: string;
  verbs: string[];
  phase?: string;
  shows?: string;
  restarts?: number;
  wakeInMs?: number;
  deletable?: true;
  forget?: true;
})[] = [
  { why: 'begins with the sandbox', verbs: ['sandbox 0'], phase: 'Pending', shows: 'waiting:ContainerCreating' },
  {
    why: 'waits out a refused sandbox',
    state: { sandbox: { attempt: -1, failure: failure('CreatePodSandboxError', 500, 1000) } },
    verbs: [],
    wakeInMs: 500,
  },
  {
    why: 'tries the sandbox again',
    state: { sandbox: { attempt: -1, failure: failure('CreatePodSandboxError', 2000, 1000) } },
    verbs: ['sandbox 0'],
  },
  { why: 'creates from an image that is known to be there', sandboxes: ready, verbs: ['create web/0'] },
  { why: 'looks for an image that is not known', sandboxes: ready, images: [], verbs: ['look web:1'] },
  {
    why: 'pulls what is not there',
    sandboxes: ready,
    images: [],
    state: { containers: { web: { image: { attempt: 0 } } } },
    verbs: ['pull web:1'],
  },
  { why: 'pulls with Always though it is there', spec: pulls('Always'), sandboxes: ready, verbs: ['pull web:1'] },
  {
    why: 'pulls latest unless told otherwise',
    spec: { containers: [{ name: 'web', image: 'reg:5000/web' }] },
    sandboxes: ready,
    images: ['reg:5000/web'],
    verbs: ['pull reg:5000/web'],
  },
  {
    why: 'does not pull a digest that is there',
    spec: { containers: [{ name: 'web', image: 'web@sha256:1' }] },
    sandboxes: ready,
    images: ['web@sha256:1'],
    verbs: ['create web/0'],
  },
  {
    why: 'creates once Always has pulled',
    spec: pulls('Always'),
    sandboxes: ready,
    state: { containers: { web: { image: { attempt: 0, id: 'sha256:x', pulled: true } } } },
    verbs: ['create web/0'],
  },
  {
    why: 'never pulls with Never',
    spec: pulls('Never'),
    sandboxes: ready,
    images: [],
    state: { containers: { web: { failure: failure('ErrImageNeverPull', 1000, 10_000) } } },
    verbs: [],
    shows: 'waiting:ErrImageNeverPull',
    wakeInMs: 9000,
  },
  {
    why: 'shows a refused pull first as such',
    sandboxes: ready,
    images: [],
    state: { containers: { web: { image: { attempt: 0 } } }, pulls: { 'web:1': failure('ErrImagePull', 100, 10_000) } },
    verbs: [],
    shows: 'waiting:ErrImagePull',
    phase: 'Pending',
    wakeInMs: 900,
  },
  {
    why: 'then as back-off',
    sandboxes: ready,
    images: [],
    state: {
      containers: { web: { image: { attempt: 0 } } },
      pulls: { 'web:1': failure('ErrImagePull', 2000, 10_000) },
    },
    verbs: [],
    shows: 'waiting:ImagePullBackOff',
    wakeInMs: 8000,
  },
  {
    why: 'a name that is none stays that',
    sandboxes: ready,
    images: [],
    state: {
      containers: { web: { image: { attempt: 0 } } },
      pulls: { 'web:1': failure('InvalidImageName', 2000, 10_000) },
    },
    verbs: [],
    shows: 'waiting:InvalidImageName',
    wakeInMs: 8000,
  },
  {
    why: 'then pulls again',
    sandboxes: ready,
    images: [],
    state: {
      containers: { web: { image: { attempt: 0 } } },
      pulls: { 'web:1': failure('ErrImagePull', 11_000, 10_000) },
    },
    verbs: ['pull web:1'],
  },
  {
    why: 'pulls an image whose name every object seems to have',
    spec: pulls('Always', 'constructor'),
    sandboxes: ready,
    verbs: ['pull constructor'],
  },
  {
    why: 'is not held up by what another image failed with',
    sandboxes: ready,
    state: { containers: { web: { failure: { ...failure('ErrImageNeverPull', 1000, 10_000), image: 'old:1' } } } },
    verbs: ['create web/0'],
  },
  {
    why: 'refuses no image at all',
    spec: { containers: [{ name: 'web' }] },
    sandboxes: ready,
    verbs: [],
    shows: 'waiting:InvalidImageName',
  },
  {
    why: 'waits for a missing ConfigMap',
    spec: withEnv([{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }]),
    sandboxes: ready,
    verbs: [],
    shows: 'waiting:CreateContainerConfigError',
  },
  {
    why: 'waits for a missing Secret',
    spec: withEnv([{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }]),
    sandboxes: ready,
    verbs: [],
    shows: 'waiting:CreateContainerConfigError',
  },
  {
    why: 'waits out a Secret that lacks the key',
    spec: withEnv([{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }]),
    configs: { secrets: { 'default/s': '1' } },
    sandboxes: ready,
    state: { containers: { web: { failure: lacksKey } } },
    verbs: [],
    shows: 'waiting:CreateContainerConfigError',
    wakeInMs: 10_000,
  },
  {
    why: 'and tries again as soon as it is another',
    spec: withEnv([{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }]),
    configs: { secrets: { 'default/s': '2' } },
    sandboxes: ready,
    state: { containers: { web: { failure: lacksKey } } },
    verbs: ['create web/0'],
  },
  {
    why: 'does without an optional ConfigMap',
    spec: withEnv([{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'k', optional: true } } }]),
    sandboxes: ready,
    verbs: ['create web/0'],
  },
  {
    why: 'starts what was created',
    sandboxes: ready,
    have: [have({ state: 'created' })],
    verbs: ['start web-0'],
    shows: 'waiting:ContainerCreating',
  },
  {
    why: 'removes what was created from another image',
    sandboxes: ready,
    have: [have({ state: 'created', specHash: 'other' })],
    verbs: ['remove web-0'],
  },
  {
    why: 'waits out a refused start',
    sandboxes: ready,
    have: [have({ state: 'created' })],
    state: { containers: { web: { attempt: 0, failure: failure('RunContainerError', 0, 10_000) } } },
    verbs: [],
    shows: 'waiting:RunContainerError',
    wakeInMs: 10_000,
  },
  { why: 'leaves what runs alone', sandboxes: ready, have: [have()], verbs: [], phase: 'Running', shows: 'running' },
  {
    why: 'adopts a later attempt',
    sandboxes: ready,
    have: [have({ attempt: 3 }), dead(1, { attempt: 2 })],
    verbs: [],
    phase: 'Running',
  },
  {
    why: 'stops what runs another image',
    sandboxes: ready,
    have: [have({ specHash: 'old' })],
    verbs: ['stop web-0 30000'],
  },
  {
    why: 'replaces it at once',
    spec: policy('Never'),
    sandboxes: ready,
    have: [dead(137, { specHash: 'old' })],
    state: { containers: { web: { attempt: 0, replaced: 0 } } },
    verbs: ['create web/1'],
  },
  { why: 'restarts at once the first time', sandboxes: ready, have: [dead(0)], verbs: ['create web/1'] },
  {
    why: 'backs off the second time',
    sandboxes: ready,
    have: [dead(1, { attempt: 1 })],
    state: restarted(1, 10_000, 3000),
    verbs: [],
    phase: 'Running',
    shows: 'waiting:CrashLoopBackOff',
    wakeInMs: 9000,
  },
  {
    why: 'restarts after the back-off',
    sandboxes: ready,
    have: [dead(1, { attempt: 1, finishedAt: NOW - 10_000 })],
    state: restarted(1, 10_000, 12_000),
    verbs: ['create web/2'],
  },
  {
    why: 'forgives after ten minutes',
    sandboxes: ready,
    have: [dead(1, { attempt: 1 })],
    state: restarted(1, 300_000, 700_000),
    verbs: ['create web/2'],
  },
  {
    why: 'OnFailure: restarts what failed',
    spec: policy('OnFailure'),
    sandboxes: ready,
    have: [dead(2)],
    verbs: ['create web/1'],
  },
  {
    why: 'OnFailure: what succeeded is done, the sandbox goes',
    spec: policy('OnFailure'),
    sandboxes: ready,
    have: [dead(0)],
    verbs: ['stop sandbox s0'],
    phase: 'Succeeded',
    shows: 'terminated:Completed',
  },
  {
    why: 'Never: failed is done',
    spec: policy('Never'),
    sandboxes: [box({ state: 'notReady' })],
    have: [dead(2)],
    verbs: [],
    phase: 'Failed',
    shows: 'terminated:Error',
  },
  {
    why: 'a done pod stays done when the runtime forgot it',
    spec: policy('Never'),
    status: webStatus({ state: { terminated: { exitCode: 0 } } }),
    verbs: [],
    phase: 'Succeeded',
  },
  {
    why: 'a lost container comes back as the next attempt',
    sandboxes: ready,
    status: webStatus({ ready: true, restartCount: 2, state: { running: { startedAt: rfc3339(NOW - 60_000) } } }),
    verbs: ['create web/3'],
  },
  {
    why: 'nor under a number that was told, whatever older one the runtime still has',
    sandboxes: ready,
    have: [dead(1)],
    status: webStatus({ restartCount: 1, state: { running: { startedAt: rfc3339(NOW - 60_000) } } }),
    verbs: ['create web/2'],
    shows: 'waiting:ContainerCreating',
    restarts: 1,
  },
  {
    why: 'nor at all if it had ended for good: an older one that failed says nothing',
    spec: policy('OnFailure'),
    sandboxes: ready,
    have: [dead(1)],
    status: webStatus({ restartCount: 1, state: { terminated: { exitCode: 0 } } }),
    verbs: ['stop sandbox s0'],
    phase: 'Succeeded',
    restarts: 1,
  },
  {
    why: 'one that is lost and never to be restarted has ended, beside one that runs',
    spec: { restartPolicy: 'Never', containers: [web, { name: 'side', image: 'web:1' }] },
    sandboxes: ready,
    have: [have({ name: 'side', id: 'side-0', specHash: specHash({ name: 'side', image: 'web:1' }) })],
    status: webStatus({ state: { running: { startedAt: rfc3339(NOW - 60_000) } } }),
    verbs: [],
    phase: 'Running',
    shows: 'terminated:ContainerStatusUnknown',
  },
  {
    why: 'one that ran and is in a state that nobody knows has ended, as it is told once it is removed',
    spec: policy('Never'),
    sandboxes: ready,
    have: [have({ state: 'unknown' })],
    status: webStatus({ containerID: 'docker://web-0', state: { running: { startedAt: rfc3339(NOW - 60_000) } } }),
    verbs: ['remove web-0'],
    phase: 'Running',
    shows: 'terminated:ContainerStatusUnknown',
  },
  {
    why: 'nor one that was made and never seen to run',
    sandboxes: ready,
    status: webStatus({ containerID: 'model://web-0', state: { waiting: { reason: 'ContainerCreating' } } }),
    verbs: ['create web/1'],
  },
  {
    why: 'one that was made for a definition of before is followed by the next, whatever the restart policy',
    spec: policy('Never'),
    sandboxes: ready,
    have: [dead(137)],
    state: { containers: { web: { attempt: 1, replaced: 1 } } },
    status: webStatus({
      restartCount: 1,
      containerID: 'model://web-1',
      state: { waiting: { reason: 'ContainerCreating' } },
      lastState: { terminated: { exitCode: 137 } },
    }),
    verbs: ['create web/2'],
  },
  {
    why: 'nor is it for an ending that the one made after it, and lost before it ran, was to follow',
    spec: policy('OnFailure'),
    sandboxes: ready,
    have: [dead(0)],
    state: { containers: { web: { attempt: 1 } } },
    status: webStatus({
      restartCount: 1,
      containerID: 'docker://web-1',
      state: { waiting: { reason: 'RunContainerError' } },
      lastState: { terminated: { exitCode: 0, containerID: 'docker://web-0' } },
    }),
    verbs: ['create web/2'],
    phase: 'Running',
  },
  {
    why: 'what runs is what counts',
    sandboxes: ready,
    have: [have()],
    status: webStatus({ restartCount: 3, state: { running: {} } }),
    verbs: [],
    phase: 'Running',
    restarts: 0,
  },
  {
    why: 'a dead sandbox is replaced by the next attempt',
    sandboxes: [box({ state: 'notReady' })],
    have: [dead(137)],
    verbs: ['sandbox 1'],
  },
  {
    why: 'what outlived its sandbox is stopped first',
    sandboxes: [box({ state: 'notReady' })],
    have: [have()],
    verbs: ['stop web-0 30000'],
  },
  {
    why: 'a dead sandbox that holds nothing is removed',
    sandboxes: [box({ id: 'old', state: 'notReady' }), box({ attempt: 1 })],
    have: [have()],
    verbs: ['remove sandbox old'],
  },
  {
    why: 'keeps one dead attempt for its logs',
    sandboxes: ready,
    have: [have({ attempt: 3 }), dead(1, { attempt: 2 }), dead(1, { attempt: 1 }), dead(1)],
    verbs: ['remove web-1', 'remove web-0'],
  },
  {
    why: 'starts init containers in order',
    spec: twoInits,
    sandboxes: ready,
    verbs: ['create i1/0'],
    shows: 'waiting:PodInitializing',
    phase: 'Pending',
  },
  {
    why: 'waits for an init container',
    spec: twoInits,
    sandboxes: ready,
    have: [have({ name: 'i1' })],
    verbs: [],
    phase: 'Pending',
  },
  { why: 'goes on with the second', spec: twoInits, sandboxes: ready, have: [init('i1')], verbs: ['create i2/0'] },
  {
    why: 'then starts the containers',
    spec: twoInits,
    sandboxes: ready,
    have: [init('i1'), init('i2')],
    verbs: ['create web/0'],
  },
  {
    why: 'repeats what init containers did, though the engine lost them with their sandbox',
    spec: twoInits,
    sandboxes: [box({ id: 's1', attempt: 1 })],
    status: lostInits,
    verbs: ['create i1/1'],
  },
  {
    why: 'one after the other, lost ones too',
    spec: twoInits,
    sandboxes: [box({ id: 's1', attempt: 1 })],
    have: [init('i1', { id: 'i1-1', attempt: 1, sandboxId: 's1' })],
    status: lostInits,
    verbs: ['create i2/1'],
  },
  {
    why: 'Never: has failed where the sandbox for which init containers ran is gone',
    spec: { ...twoInits, restartPolicy: 'Never' },
    sandboxes: [box({ state: 'notReady' })],
    have: [init('i1')],
    verbs: [],
    phase: 'Failed',
  },
  {
    why: 'Never: has failed where the engine lost them with it, too',
    spec: { ...twoInits, restartPolicy: 'Never' },
    status: { ...lostInits, containerStatuses: [] },
    verbs: [],
    phase: 'Failed',
  },
  {
    why: 'Never: has failed where another sandbox was made meanwhile',
    spec: { ...twoInits, restartPolicy: 'Never' },
    sandboxes: [box({ state: 'notReady' }), box({ id: 's1', attempt: 1 })],
    have: [init('i1'), init('i2')],
    verbs: ['stop sandbox s1'],
    phase: 'Failed',
  },
  {
    why: 'Never: repeats nothing that init containers did and the engine lost',
    spec: { ...twoInits, restartPolicy: 'Never' },
    sandboxes: [box({ id: 's1', attempt: 1 })],
    status: { ...lostInits, containerStatuses: [] },
    verbs: ['create web/0'],
  },
  {
    why: 'Never: has failed once its only container was taken away after the init containers ended',
    spec: { ...twoInits, restartPolicy: 'Never' },
    sandboxes: ready,
    have: [init('i1'), init('i2')],
    status: lostInits,
    verbs: ['stop sandbox s0'],
    phase: 'Failed',
  },
  {
    why: 'does not repeat a lost init container once a later one was made in the sandbox',
    spec: twoInits,
    sandboxes: ready,
    have: [init('i2')],
    status: lostInits,
    verbs: ['create web/1'],
  },
  {
    why: 'repeats what init containers did for a sandbox that is gone',
    spec: twoInits,
    sandboxes: [box({ id: 's1', attempt: 1 }), box({ state: 'notReady' })],
    have: [init('i1'), init('i2'), dead(137)],
    verbs: ['create i1/1'],
  },
  {
    why: 'one after the other',
    spec: twoInits,
    sandboxes: [box({ id: 's1', attempt: 1 })],
    have: [init('i1', { id: 'i1-1', attempt: 1, sandboxId: 's1' }), init('i2'), dead(137)],
    verbs: ['create i2/1'],
  },
  {
    why: 'repeats a failed init container',
    spec: twoInits,
    sandboxes: ready,
    have: [init('i1', { exitCode: 1 })],
    verbs: ['create i1/1'],
    phase: 'Pending',
  },
  {
    why: 'Never: a failed init container fails the pod',
    spec: { ...twoInits, restartPolicy: 'Never' },
    sandboxes: ready,
    have: [init('i1', { exitCode: 1 })],
    verbs: ['stop sandbox s0'],
    phase: 'Failed',
  },
  {
    why: 'a side car only has to run',
    spec: { initContainers: [{ name: 'i1', image: 'web:1', restartPolicy: 'Always' }] },
    sandboxes: ready,
    have: [have({ name: 'i1' })],
    verbs: ['create web/0'],
  },
  {
    why: 'a side car ends with the pod',
    spec: { restartPolicy: 'Never', initContainers: [{ name: 'i1', image: 'web:1', restartPolicy: 'Always' }] },
    sandboxes: ready,
    have: [have({ name: 'i1' }), dead(0)],
    verbs: ['stop i1-0 30000'],
    phase: 'Running',
  },
  {
    why: 'stops a deleted pod with its grace',
    metadata: deleting,
    sandboxes: ready,
    have: [have()],
    verbs: ['stop web-0 5000'],
    phase: 'Running',
  },
  {
    why: 'a pod that may take for ever is stopped with what a timer can bear',
    metadata: { ...deleting, deletionGracePeriodSeconds: Number.MAX_SAFE_INTEGER },
    sandboxes: ready,
    have: [have()],
    verbs: ['stop web-0 2147483000'],
  },
  { why: 'then its sandbox', metadata: deleting, sandboxes: ready, have: [dead(0)], verbs: ['stop sandbox s0'] },
  {
    why: 'then lets it leave the store',
    metadata: deleting,
    sandboxes: [box({ state: 'notReady' })],
    have: [dead(143)],
    verbs: [],
    phase: 'Failed',
    deletable: true,
  },
  { why: 'a deleted pod that never ran leaves at once', metadata: deleting, verbs: [], deletable: true },
  {
    why: 'a pod past its deadline is stopped with its grace',
    spec: { activeDeadlineSeconds: 60 },
    stored: { startTime: rfc3339(NOW - 60_000) },
    sandboxes: ready,
    have: [have()],
    verbs: ['stop web-0 30000'],
    phase: 'Running',
    shows: 'running',
  },
  {
    why: 'and has failed once nothing of it runs',
    spec: { activeDeadlineSeconds: 60 },
    stored: { startTime: rfc3339(NOW - 60_000) },
    sandboxes: ready,
    have: [dead(137)],
    verbs: ['stop sandbox s0'],
    phase: 'Failed',
    shows: 'terminated:Error',
  },
  {
    why: 'what the store calls failed stays so while the rest of it is stopped',
    stored: { phase: 'Failed', reason: 'Evicted' },
    sandboxes: ready,
    have: [have()],
    verbs: ['stop web-0 30000'],
    phase: 'Failed',
  },
  {
    why: 'a pod before its deadline is looked at when it comes',
    spec: { activeDeadlineSeconds: 60 },
    stored: { startTime: rfc3339(NOW - 50_000) },
    sandboxes: ready,
    have: [have()],
    verbs: [],
    wakeInMs: 10_000,
  },
  {
    why: 'a pod that the store calls failed never runs again',
    stored: { phase: 'Failed', reason: 'Evicted' },
    verbs: [],
    phase: 'Failed',
  },
  { why: 'stops what belongs to no pod', gone: true, sandboxes: ready, have: [have()], verbs: ['stop web-0 2000'] },
  {
    why: 'and gives it no more than it was promised',
    gone: true,
    sandboxes: ready,
    have: [have()],
    state: { graceSeconds: 0 },
    verbs: ['stop web-0 0'],
  },
  {
    why: 'then removes it',
    gone: true,
    sandboxes: ready,
    have: [dead(0), dead(0, { id: 'stray', sandboxId: 'other' })],
    verbs: ['remove sandbox s0', 'remove stray'],
  },
  { why: 'then forgets it', gone: true, verbs: [], forget: true },
];

describe('planPodSync', () => {
  it.each(rows)('$why', ({ verbs, phase, shows, restarts, wakeInMs, deletable, forget, ...row }) => {
    const plan = planPodSync(inputOf(row));
    expect(plan.verbs.map(brief)).toEqual(verbs);
    if (phase !== undefined) expect(plan.status?.phase).toBe(phase);
    if (shows !== undefined) expect(shown(plan)).toBe(shows);
    if (restarts !== undefined) expect(plan.status?.containerStatuses?.[0]?.restartCount).toBe(restarts);
    expect(plan.wakeAt === undefined ? undefined : plan.wakeAt - NOW).toBe(wakeInMs);
    expect([plan.deletable, plan.forget]).toEqual([deletable ?? false, forget ?? false]);
  });

  it('writes the status that Kubernetes would', () => {
    const have = inputOf({
      sandboxes: ready,
      have: [dead(3, { reason: 'Error' })].concat([
        { ...dead(0), id: 'web-1', attempt: 1, state: 'running', startedAt: NOW },
      ]),
    });
    expect(planPodSync(have).status).toMatchInlineSnapshot(`
      {
        "conditions": [
          {
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "status": "True",
            "type": "PodReadyToStartContainers",
          },
          {
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "status": "True",
            "type": "Initialized",
          },
          {
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "status": "True",
            "type": "Ready",
          },
          {
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "status": "True",
            "type": "ContainersReady",
          },
          {
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "status": "True",
            "type": "PodScheduled",
          },
        ],
        "containerStatuses": [
          {
            "containerID": "docker://web-1",
            "image": "web:1",
            "imageID": "sha256:web:1",
            "lastState": {
              "terminated": {
                "containerID": "docker://web-0",
                "exitCode": 3,
                "finishedAt": "2025-12-31T23:59:59Z",
                "reason": "Error",
                "startedAt": "2025-12-31T23:59:55Z",
              },
            },
            "name": "web",
            "ready": true,
            "restartCount": 1,
            "started": true,
            "state": {
              "running": {
                "startedAt": "2026-01-01T00:00:00Z",
              },
            },
          },
        ],
        "hostIP": "192.168.0.1",
        "hostIPs": [
          {
            "ip": "192.168.0.1",
          },
        ],
        "phase": "Running",
        "podIP": "10.0.0.7",
        "podIPs": [
          {
            "ip": "10.0.0.7",
          },
        ],
        "qosClass": "BestEffort",
        "startTime": "2026-01-01T00:00:00Z",
      }
    `);
  });

  it('keeps the moment of a condition that did not change, and the conditions of others', () => {
    const foreign = { type: 'example.com/gate', status: 'True' };
    const stored = {
      conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: '2025-01-01T00:00:00Z' }, foreign],
    };
    const conditions = planPodSync(inputOf({ stored, sandboxes: ready, have: [have()] })).status?.conditions ?? [];
    expect(conditions.find(({ type }) => type === 'PodScheduled')?.lastTransitionTime).toBe('2025-01-01T00:00:00Z');
    expect(conditions.find(({ type }) => type === 'Ready')?.lastTransitionTime).toBe(rfc3339(NOW));
    expect(conditions.at(-1)).toEqual(foreign);
  });

  it('tells of a back-off when it begins, once', () => {
    const row = { sandboxes: ready, have: [dead(1, { attempt: 1 })], state: restarted(1, 10_000, 3000) };
    const plan = planPodSync(inputOf(row));
    expect(plan.notes.map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
      'BackOff: Back-off restarting failed container web in pod p_default(u)',
    ]);
    expect(planPodSync({ ...inputOf(row), status: plan.status ?? {} }).notes).toEqual([]);
  });

  it('tells of a deadline when it passes, once; the pod is not ready from then on, and says why when it has stopped', () => {
    const row: Row = { spec: { activeDeadlineSeconds: 60 }, stored: { startTime: rfc3339(NOW - 60_000) } };
    const stopping = planPodSync(inputOf({ ...row, sandboxes: ready, have: [have()] }));
    const stopped = planPodSync(inputOf({ ...row, have: [dead(137)], status: stopping.status ?? {} }));
    const told = [stopping, stopped].map(({ notes, status = {} }) => [
      notes.map(({ reason }) => reason),
      status.reason,
      conditionOf(status, 'Ready')?.reason,
    ]);
    expect(told).toEqual([
      [['DeadlineExceeded'], undefined, 'PodFailed'],
      [[], 'DeadlineExceeded', 'PodFailed'],
    ]);
  });

  const UNKNOWN = {
    terminated: {
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: 'The container could not be located when the pod was terminated',
    },
  };
  const WAITS = { waiting: { reason: 'PodInitializing' } };
  const init = (name: string) => ({ name, image: 'app:1' });
  it.each<{ why: string; row: Row; inits?: object[]; regular: object }>([
    { why: 'that never started', row: {}, regular: UNKNOWN },
    { why: 'that was made and never started', row: { have: [have({ state: 'created' })] }, regular: UNKNOWN },
    { why: 'that ended by itself', row: { have: [dead(3)] }, regular: { terminated: { exitCode: 3 } } },
    {
      why: 'that its init containers kept from being begun',
      row: { spec: { initContainers: [init('a'), init('b')] } },
      inits: [UNKNOWN, WAITS],
      regular: WAITS,
    },
    {
      why: 'whose init container had failed',
      row: { spec: { initContainers: [init('a'), init('b')] }, have: [dead(1, { name: 'a' })] },
      inits: [{ terminated: { exitCode: 1 } }, WAITS],
      regular: WAITS,
    },
    {
      why: 'whose init containers were done',
      row: { spec: { initContainers: [init('a')] }, have: [dead(0, { name: 'a' })] },
      inits: [{ terminated: { exitCode: 0 } }],
      regular: UNKNOWN,
    },
  ])('past its deadline a container $why is told so, and the same at the next look', ({ row, inits, regular }) => {
    const late = {
      ...row,
      spec: { ...row.spec, activeDeadlineSeconds: 60 },
      stored: { startTime: rfc3339(NOW - 60_000) },
    };
    const first = planPodSync(inputOf(late));
    const next = planPodSync(inputOf({ ...late, have: [], status: first.status ?? {} }));
    for (const { status } of [first, next]) {
      expect(status?.containerStatuses).toMatchObject([{ state: regular, ready: false, started: false }]);
      expect((status?.initContainerStatuses ?? []).map(({ state }) => state)).toMatchObject(inits ?? []);
    }
    expect(first.status?.phase).toBe('Failed');
  });
});

/** One kubelet and one runtime, without actors: plans and does, verb by verb. */
class Loop {
  readonly runtime: ModelRuntime;
  dispatched: DispatchedPod | undefined;
  #state: PodState;
  #status: PodStatus = {};
  #images = new Map<string, string>();
  plan: PodPlan;

  constructor(pod: Pod, images: readonly string[]) {
    this.runtime = new ModelRuntime(images);
    this.dispatched = { pod };
    this.#state = newState(this.runtime.now);
    this.plan = this.#replan();
  }
  /** The kubelet dies: all it remembers is gone. */
  crash(): void {
    this.#state = newState(this.runtime.now);
    this.#images = new Map();
    this.#status = this.plan.status ?? {};
  }
  /** @returns how many verbs were done; at most `most` */
  run(most: number): number {
    let done = 0;
    for (this.plan = this.#replan(); this.plan.verbs.length > 0 && done < most; this.plan = this.#replan()) {
      for (const verb of this.plan.verbs) if (done++ < most) this.#do(verb);
    }
    return done;
  }
  #replan(): PodPlan {
    const plan = planPodSync({
      uid: 'u',
      ...(this.dispatched === undefined ? {} : { dispatched: this.dispatched }),
      level: this.runtime.level('u'),
      state: this.#state,
      status: this.#status,
      images: this.#images,
      node,
      now: this.runtime.now,
    });
    this.#state = plan.state;
    this.#status = plan.status ?? this.#status;
    return plan;
  }
  #do(verb: PodVerb): void {
    const known = { level: this.runtime.level('u'), state: this.#state };
    const { now } = this.runtime;
    try {
      const outcome = applyAnswer(known, verb, this.runtime.do(verb.op, verb.body as never), now, now);
      this.#state = outcome.state;
      if (outcome.image !== undefined) this.#images.set(outcome.image.name, outcome.image.id);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.#state = applyFailure(known, verb, error, now).state;
    }
  }
}

const names = ['a', 'b', 'c'] as const;
const podArb = fc.record({
  restartPolicy: fc.constantFrom('Always', 'OnFailure', 'Never'),
  containers: fc.subarray([...names], { minLength: 1 }),
  inits: fc.subarray(['i', 'j']),
  image: fc.constantFrom('here', 'there', 'bad:1'),
  pull: fc.constantFrom('Always', 'IfNotPresent', 'Never'),
});
const actArb = fc.oneof(
  fc.record({ act: fc.constant('run' as const), most: fc.nat(5) }),
  fc.record({ act: fc.constant('crash' as const) }),
  fc.record({ act: fc.constant('exit' as const), which: fc.nat(5), code: fc.constantFrom(0, 1) }),
  fc.record({ act: fc.constant('lose' as const), which: fc.nat(5) }),
  fc.record({ act: fc.constant('image' as const), which: fc.nat(2), image: fc.constantFrom('here', 'there') }),
  fc.record({ act: fc.constant('sandbox dies' as const) }),
  fc.record({ act: fc.constant('time' as const), ms: fc.constantFrom(1000, 20_000, 700_000) }),
);

/** Of a container only its image can change. */
const changed = (pod: Pod, which: number, image: string): Pod => {
  const containers = (pod.spec?.containers ?? []).map((each, at) => (at === which ? { ...each, image } : each));
  return { ...pod, spec: { ...pod.spec, containers } };
};

describe('planPodSync, whatever happens on the way', () => {
  it('converges, starts nothing twice, and then has nothing to say', () => {
    fc.assert(
      fc.property(podArb, fc.array(actArb, { maxLength: 25 }), (made, acts) => {
        const container = (name: string): Container => ({ name, image: made.image, imagePullPolicy: made.pull });
        let pod = podOf({
          restartPolicy: made.restartPolicy,
          containers: made.containers.map(container),
          initContainers: made.inits.map(container),
        });
        const loop = new Loop(pod, ['here']);
        const { runtime } = loop;
        for (const act of acts) {
          runtime.now += 1;
          if (act.act === 'run') loop.run(act.most);
          else if (act.act === 'crash') loop.crash();
          else if (act.act === 'time') runtime.now += act.ms;
          else if (act.act === 'exit') {
            const running = runtime.containers.filter(({ state }) => state === 'running');
            const one = running[act.which % Math.max(1, running.length)];
            if (one !== undefined) runtime.exit(one.id, act.code);
          } else if (act.act === 'lose') {
            const { id: containerId } = runtime.containers[act.which % Math.max(1, runtime.containers.length)] ?? {};
            if (containerId !== undefined) runtime.do('removeContainer', { containerId } as never);
            loop.run(0); // it is seen, and told
          } else if (act.act === 'image') {
            const at = act.which % made.containers.length;
            pod = changed(pod, at, act.image);
            loop.dispatched = { pod };
          } else for (const { id } of runtime.sandboxes) runtime.sandboxDies(id);
        }
        // Left in peace, with init containers that end well, it comes to rest.
        for (let round = 0; round < 12; round++) {
          runtime.now += 700_000;
          expect(loop.run(100)).toBeLessThan(100);
          for (const each of runtime.containers) if (made.inits.includes(each.name)) runtime.exit(each.id, 0);
        }
        expect(loop.plan.verbs).toEqual([]);
        expect(new Set(runtime.started).size).toBe(runtime.started.length);
        const images = new Map(pod.spec?.containers.map(({ name, image }) => [name, image]));
        for (const { name, state, image } of runtime.containers)
          if (state === 'running' && images.has(name)) expect([name, image]).toEqual([name, images.get(name)]);
        const canRun = [made.image, ...images.values()].every(
          (image) => image === 'here' || (image === 'there' && made.pull !== 'Never'),
        );
        if (made.restartPolicy === 'Always' && canRun) {
          expect(new Set(runtime.running().map((each) => each.split('/')[0]))).toEqual(new Set(made.containers));
          expect(loop.plan.status?.phase).toBe('Running');
        }
        // And once it is gone, nothing is left.
        loop.dispatched = undefined;
        loop.run(100);
        expect([runtime.containers, runtime.sandboxes, loop.plan.forget]).toEqual([[], [], true]);
      }),
      { numRuns: Number(process.env['RUNS'] ?? 300) },
    );
  });
});

it('is not initialized while init containers run again in a new sandbox', () => {
  const again = (of: object) => ({
    spec: twoInits,
    sandboxes: [box({ id: 's1', attempt: 1 })],
    have: [init('i2'), dead(137), have({ name: 'i1', id: 'i1-1', attempt: 1, sandboxId: 's1', ...of })],
    stored: { phase: 'Running', conditions: [{ type: 'Initialized', status: 'True' }] },
  });
  const { status } = planPodSync(inputOf(again({})));
  expect(status?.phase).toBe('Pending');
  expect(conditionOf(status, 'Initialized')).toMatchObject({
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: 'containers with incomplete status: [i1]',
  });
});

it('goes on to tell that init containers are done once the engine has none of them any more', () => {
  const input = inputOf({ spec: twoInits, sandboxes: [box()], have: [have()], status: lostInits });
  const { status, verbs } = planPodSync(input);
  expect(verbs).toEqual([]);
  expect(status?.initContainerStatuses).toMatchObject([
    { state: { terminated: { exitCode: 0 } }, ready: true },
    { state: { terminated: { exitCode: 0 } }, ready: true },
  ]);
});

it('tells how the attempt before the last one ended as it was told, where the engine has lost both and kept an older one', () => {
  const before = { terminated: { exitCode: 3, containerID: 'docker://web-1' } };
  const running = { running: { startedAt: rfc3339(NOW - 60_000) } };
  const { status } = planPodSync(
    inputOf({
      spec: policy('Never'),
      sandboxes: [box()],
      have: [dead(1)],
      status: webStatus({ restartCount: 2, containerID: 'docker://web-2', state: running, lastState: before }),
    }),
  );
  expect(status?.containerStatuses).toMatchObject([
    { restartCount: 2, state: { terminated: { reason: 'ContainerStatusUnknown' } }, lastState: before },
  ]);
});

it('stays initialized while a container of it waits to be started again, though the engine has its init containers no more', () => {
  const have = [dead(1, { attempt: 1 })];
  const input = inputOf({
    spec: twoInits,
    sandboxes: [box()],
    have,
    status: lostInits,
    state: restarted(1, 10_000, 3000),
  });
  const { status } = planPodSync(input);
  expect(status).toMatchObject({ phase: 'Running', initContainerStatuses: [{ ready: true }, { ready: true }] });
  expect(status?.containerStatuses).toMatchObject([{ state: { waiting: { reason: 'CrashLoopBackOff' } } }]);
});
