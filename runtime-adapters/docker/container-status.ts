import type { ContainerInfo, ContainerInspectInfo } from 'dockerode';
import type { ContainerStatus, SandboxStatus } from '../../contracts/runtime/status.ts';
import { cutWords } from './engine.ts';
import { attemptOf, LABEL, podOf } from './labels.ts';

/** The part of `inspect` that a status is made of. */
export type Inspected = Pick<ContainerInspectInfo, 'Id' | 'Created' | 'Image'> & {
  readonly State: Pick<
    ContainerInspectInfo['State'],
    'Status' | 'OOMKilled' | 'ExitCode' | 'Error' | 'StartedAt' | 'FinishedAt'
  >;
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
};

/** The engine's zero time means "never". @returns milliseconds since the Unix epoch */
const timeOf = (text: string): number | undefined => (text.startsWith('0001-') ? undefined : Date.parse(text));

/** Whether the container was ever started: then it is never started again. */
export const wasStarted = (found: Inspected): boolean => timeOf(found.State.StartedAt) !== undefined;

/** The status of a container of ours. @param found  its `inspect` */
export function containerStatus(found: Inspected): ContainerStatus {
  const labels = found.Config.Labels;
  const startedAt = timeOf(found.State.StartedAt);
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
      // A container that could not start stays `created`, with an error.
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
  // Of a very short run the engine may record an end before its start.
  const finishedAt = Math.max(timeOf(FinishedAt) ?? Date.parse(found.Created), timeOf(StartedAt) ?? 0);
  const reason = !wasStarted(found)
    ? 'ContainerCannotRun'
    : oomKilled
      ? 'OOMKilled'
      : exitCode === 0
        ? 'Completed'
        : 'Error';
  return { finishedAt, exitCode, oomKilled, reason };
}

/** The status of a sandbox of ours. @param found  its entry in the engine's list */
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
