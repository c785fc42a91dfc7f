import type { ContainerInfo, ContainerInspectInfo } from 'dockerode';
import type { ContainerStatus, SandboxStatus } from '../../contracts/runtime/status.ts';
import { cutWords } from './engine.ts';
import { attemptOf, LABEL, podOf } from './labels.ts';

/** What of `inspect` tells a status. */
export type Inspected = Pick<ContainerInspectInfo, 'Id' | 'Created' | 'Image'> & {
  readonly State: Pick<
    ContainerInspectInfo['State'],
    'Status' | 'OOMKilled' | 'ExitCode' | 'Error' | 'StartedAt' | 'FinishedAt'
  >;
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
};

/** The engine's zero time means "never". */
const moment = (text: string): number | undefined => (text.startsWith('0001-') ? undefined : Date.parse(text));

/** Was it ever started? Such a container is never started again. */
export const wasStarted = (found: Inspected): boolean => moment(found.State.StartedAt) !== undefined;

/** @param found  what `inspect` answered about one of our containers */
export function containerStatus(found: Inspected): ContainerStatus {
  const labels = found.Config.Labels;
  const startedAt = moment(found.State.StartedAt);
  const state = stateOf(found);
  return {
    id: found.Id,
    sandboxId: labels[LABEL.sandboxId] ?? '',
    pod: podOf(labels),
    name: labels[LABEL.container] ?? '',
    attempt: attemptOf(labels),
    specHash: labels[LABEL.specHash] ?? '',
    state,
    image: labels[LABEL.image] ?? found.Image,
    imageId: found.Image,
    createdAt: Date.parse(found.Created),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(state === 'exited' ? ending(found) : {}),
    ...(found.State.Error === '' ? {} : { message: cutWords(found.State.Error) }),
  };
}

function stateOf({ State }: Inspected): ContainerStatus['state'] {
  switch (State.Status) {
    case 'created':
      // The engine leaves a container that it could not start `created`, with a code and its reason.
      return State.Error === '' ? 'created' : 'exited';
    case 'running':
    case 'paused':
    case 'restarting':
      return 'running';
    case 'exited':
      return 'exited';
    default:
      return 'unknown';
  }
}

function ending(found: Inspected): Pick<ContainerStatus, 'finishedAt' | 'exitCode' | 'oomKilled' | 'reason'> {
  const { ExitCode: exitCode, OOMKilled: oomKilled, FinishedAt, StartedAt } = found.State;
  // The engine notes the end of a very short run before it notes its start.
  const finishedAt = Math.max(moment(FinishedAt) ?? Date.parse(found.Created), moment(StartedAt) ?? 0);
  const reason = !wasStarted(found)
    ? 'ContainerCannotRun'
    : oomKilled
      ? 'OOMKilled'
      : exitCode === 0
        ? 'Completed'
        : 'Error';
  return { finishedAt, exitCode, oomKilled, reason };
}

/** @param found  an entry of the engine's list that is a sandbox of ours */
export function sandboxStatus(
  found: Pick<ContainerInfo, 'Id' | 'Created' | 'State' | 'Labels' | 'NetworkSettings'>,
): SandboxStatus {
  const ready = found.State === 'running';
  const networks = Object.values(found.NetworkSettings?.Networks ?? {});
  const ip = networks.find((network) => network.IPAddress !== '')?.IPAddress;
  return {
    id: found.Id,
    pod: podOf(found.Labels),
    attempt: attemptOf(found.Labels),
    state: ready ? 'ready' : 'notReady',
    ...(ready && ip !== undefined ? { ip } : {}),
    createdAt: found.Created * 1000,
  };
}
