import { createdContainer } from '../../../contracts/runtime/created-container.ts';
import type { PodProbesConfig } from '../../../contracts/runtime/probes.ts';
import type { RuntimeOps } from '../../../contracts/runtime/ops.ts';
import type { ContainerStatus, SandboxStatus } from '../../../contracts/runtime/status.ts';
import { goDuration } from '../containers/crash-loop-backoff.ts';
import type { PodLevel, PodState, PodVerb } from '../pods/pod-types.ts';
import {
  failedNote,
  type KnownPod,
  normalNote,
  type Outcome,
  type VerbOf,
  withFailure,
  without,
  withRecord,
} from './outcome.ts';

type Answers = { readonly [K in keyof RuntimeOps]: RuntimeOps[K][1] };

const editContainer = (
  level: PodLevel,
  id: string,
  change: (container: ContainerStatus) => ContainerStatus,
): PodLevel => ({ ...level, containers: level.containers.map((each) => (each.id === id ? change(each) : each)) });

/**
 * What is known of a pod after the runtime did what a request asked. Pure.
 * @param askedAt  time of the request, and `now` of the answer; milliseconds since the Unix epoch
 */
export function applyAnswer(known: KnownPod, verb: PodVerb, answer: unknown, askedAt: number, now: number): Outcome {
  const { level, state } = known;
  const same = { level, state, notes: [] };
  switch (verb.op) {
    case 'setUpVolumes':
      return {
        level: { ...level, folders: [answer as Answers['setUpVolumes']] },
        state: verb.body.version === '' ? state : without(state, 'volumes'),
        notes: [],
      };
    case 'setProbes':
      return { ...same, level: withProbes(level, verb.body) };
    case 'tearDownVolumes':
      return { ...same, level: afterTearDown(level, verb.body.keepFolder === true) };
    case 'runPodSandbox': {
      const sandbox = answer as Answers['runPodSandbox'];
      const others = level.sandboxes.filter(({ id }) => id !== sandbox.id);
      const sandboxes = [...others, sandbox];
      return { ...same, level: { ...level, sandboxes }, state: { ...state, sandbox: { attempt: verb.body.attempt } } };
    }
    case 'imageStatus':
      return afterImageStatus(known, verb, (answer as Answers['imageStatus']).image?.imageId, now);
    case 'pullImage':
      return afterPull(known, verb, answer as Answers['pullImage'], askedAt, now);
    case 'createContainer':
      return afterCreate(known, verb, answer as Answers['createContainer'], now);
    case 'startContainer': {
      const started = editContainer(level, verb.body.containerId, (container) => ({
        ...container,
        state: 'running',
        startedAt: now,
      }));
      const calmed = withRecord(state, verb.name, (record) => without(without(record, 'failure'), 'image'));
      return {
        level: started,
        state: calmed,
        notes: [normalNote(verb.name, 'Started', `Started container ${verb.name}`)],
      };
    }
    case 'stopContainer':
      return { ...same, relist: true }; // only a list has the exit code
    case 'removeContainer':
      return {
        ...same,
        level: { ...level, containers: level.containers.filter(({ id }) => id !== verb.body.containerId) },
      };
    case 'stopPodSandbox': {
      const sandboxes = level.sandboxes.map((each) => (each.id === verb.body.sandboxId ? stopped(each) : each));
      return { ...same, level: { ...level, sandboxes } };
    }
    case 'removePodSandbox':
      return { ...same, level: withoutSandbox(level, verb.body.sandboxId) };
  }
}

/** Outcomes of probes that go on stay as they are until the next list. */
function withProbes(level: PodLevel, { pod, version, probes }: PodProbesConfig): PodLevel {
  const { probes: before = [], ...rest } = level;
  if (probes.length === 0) return rest;
  const outcomes = (before[0]?.outcomes ?? []).filter((outcome) =>
    probes.some(({ containerId, kind }) => outcome.containerId === containerId && outcome.kind === kind),
  );
  return { ...rest, probes: [{ pod, version, outcomes }] };
}

function afterTearDown(level: PodLevel, keptFolder: boolean): PodLevel {
  const { folders = [], ...rest } = level;
  return keptFolder ? { ...rest, folders: folders.map(({ pod }) => ({ pod, version: '' })) } : rest;
}

const stopped = (sandbox: SandboxStatus): SandboxStatus => ({ ...without(sandbox, 'ip'), state: 'notReady' });
const withoutSandbox = (level: PodLevel, sandboxId: string): PodLevel => ({
  ...level,
  sandboxes: level.sandboxes.filter(({ id }) => id !== sandboxId),
  containers: level.containers.filter((container) => container.sandboxId !== sandboxId),
});

function afterImageStatus(known: KnownPod, verb: VerbOf<'imageStatus'>, id: string | undefined, now: number): Outcome {
  const { image } = verb.body;
  const { level } = known;
  if (id !== undefined) return { level, state: known.state, notes: [], image: { name: image, id } };
  if (verb.never !== true) {
    const state = withRecord(known.state, verb.name, (record) => ({
      ...record,
      image: { attempt: verb.attempt, name: image },
    }));
    return { level, state, notes: [] };
  }
  const message = `Container image "${image}" is not present with pull policy of Never`;
  const reason = 'ErrImageNeverPull';
  return {
    level,
    state: withFailure(known.state, verb.name, { reason, message, now }, { image }),
    notes: [failedNote(verb.name, message, reason), failedNote(verb.name, `Error: ${reason}`)],
  };
}

function afterPull(
  known: KnownPod,
  verb: VerbOf<'pullImage'>,
  pulled: Answers['pullImage'],
  askedAt: number,
  now: number,
): Outcome {
  const { image } = verb.body;
  const id = pulled.imageId;
  const state = withRecord(known.state, verb.name, (each) => ({
    ...each,
    image: { attempt: verb.attempt, name: image, id, pulled: true },
  }));
  const took = goDuration(now - askedAt);
  const size = pulled.sizeBytes === undefined ? '' : ` Image size: ${pulled.sizeBytes} bytes.`;
  const message = `Successfully pulled image "${image}" in ${took} (${took} including waiting).${size}`;
  return {
    level: known.level,
    state: { ...state, pulls: without(state.pulls, image) as PodState['pulls'] },
    notes: [normalNote(verb.name, 'Pulled', message)],
    image: { name: image, id },
  };
}

function afterCreate(
  known: KnownPod,
  verb: VerbOf<'createContainer'>,
  answer: Answers['createContainer'],
  now: number,
): Outcome {
  const { containerId: id, folder } = answer;
  const { name, attempt, image } = verb.body;
  const made = createdContainer(verb.body, { id, imageId: image, createdAt: now });
  const existed = known.level.containers.some((container) => container.id === id);
  const present = `Container image "${made.image}" already present on machine`;
  const level = folder === undefined ? known.level : { ...known.level, folders: [folder] };
  return {
    level: existed ? level : { ...level, containers: [...level.containers, made] },
    state: withRecord(known.state, name, (record) => ({ ...without(record, 'replaced'), attempt })),
    notes: [
      ...(verb.present ? [normalNote(name, 'Pulled', present)] : []),
      normalNote(name, 'Created', `Created container: ${name}`),
    ],
    // It was created before this kubelet started: only a list has its state.
    relist: existed,
  };
}
