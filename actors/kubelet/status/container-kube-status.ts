import type {
  Container,
  ContainerState,
  ContainerStatus as KubeContainerStatus,
} from '../../../contracts/kinds/kinds.ts';
import type { ContainerStatus } from '../../../contracts/runtime/status.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';
import { attemptsOf, knownStatus, newestAttempt, newestTold } from '../pods/container-history.ts';
import { UNKNOWN_END } from '../pods/ended-containers.ts';
import type { PodInput } from '../pods/pod-types.ts';

export interface Wait {
  readonly reason: string;
  readonly message?: string;
}
export interface StatusContext {
  readonly input: PodInput;
  readonly wait: Wait | undefined;
  readonly init: boolean;
  /** Reason of a container that waits for no particular reason. */
  readonly idle: 'ContainerCreating' | 'PodInitializing';
  /** It will not be started any more. */
  readonly over: boolean;
}

const idOf = (input: PodInput, container: ContainerStatus): string => `${input.node.runtime}://${container.id}`;

function terminated(input: PodInput, container: ContainerStatus): ContainerState {
  const { exitCode = 0, reason, message, createdAt, startedAt, finishedAt } = container;
  return {
    terminated: {
      exitCode,
      reason: reason ?? (exitCode === 0 ? 'Completed' : 'Error'),
      ...(message === undefined || message === '' ? {} : { message }),
      startedAt: rfc3339(startedAt ?? createdAt),
      finishedAt: rfc3339(finishedAt ?? createdAt),
      containerID: idOf(input, container),
    },
  };
}

const waiting = ({ wait, idle }: StatusContext): ContainerState => ({
  waiting: { reason: wait?.reason ?? idle, ...(wait?.message === undefined ? {} : { message: wait.message }) },
});

/** How the container that the runtime lost is thought to have ended. */
function lost(known: KubeContainerStatus | undefined): ContainerState | undefined {
  if (known === undefined) return undefined;
  if (known.state?.terminated !== undefined) return { terminated: known.state.terminated };
  if (known.state?.running === undefined)
    return known.lastState?.terminated === undefined ? undefined : known.lastState;
  const { startedAt } = known.state.running;
  return {
    terminated: {
      ...UNKNOWN_END,
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(known.containerID === undefined ? {} : { containerID: known.containerID }),
    },
  };
}

/** How the attempt before ended; as it was told, where the runtime has lost it and kept an older one. */
function lastState(input: PodInput, name: string, newest: ContainerStatus | undefined): ContainerState | undefined {
  const told = knownStatus(input.status, name)?.lastState;
  const before = attemptsOf(input.level, name).find((each) => each.state === 'exited' && each !== newest);
  if (before === undefined) return told;
  const isNext = before.attempt + 1 === (newest?.attempt ?? newestTold(input.status, name));
  return isNext || told?.terminated === undefined ? terminated(input, before) : told;
}

function states(at: StatusContext, name: string): { state: ContainerState; last?: ContainerState | undefined } {
  const { input } = at;
  const known = knownStatus(input.status, name);
  const newest = newestAttempt(input, name);
  const last = lastState(input, name, newest);
  if (newest === undefined) {
    const gone = lost(known);
    return at.over && gone !== undefined ? { state: gone, last } : { state: waiting(at), last: gone };
  }
  if (newest.state === 'running') {
    // The moment at which it was first seen to run stays, so that a later look does not make another status.
    const same = known?.containerID === idOf(input, newest) ? known.state?.running?.startedAt : undefined;
    return { state: { running: { startedAt: same ?? rfc3339(newest.startedAt ?? newest.createdAt) } }, last };
  }
  if (newest.state === 'exited') {
    const ended = terminated(input, newest);
    return at.wait === undefined ? { state: ended, last } : { state: waiting(at), last: ended };
  }
  // Such as one that somebody is removing: once it is gone, that it ran must be known.
  const gone = newest.state === 'unknown' && known?.containerID === idOf(input, newest) ? lost(known) : undefined;
  return { state: gone ?? waiting(at), last };
}

/** Kubernetes' status of one container. Pure. */
export function containerKubeStatus(at: StatusContext, container: Container): KubeContainerStatus {
  const { input, init } = at;
  const known = knownStatus(input.status, container.name);
  const newest = newestAttempt(input, container.name);
  const { state, last } = states(at, container.name);
  const running = state.running !== undefined;
  const containerID = newest === undefined ? known?.containerID : idOf(input, newest);
  const sidecar = container.restartPolicy === 'Always';
  return {
    name: container.name,
    state,
    lastState: last ?? {},
    ready: init && !sidecar ? state.terminated?.exitCode === 0 : running,
    restartCount: newest?.attempt ?? known?.restartCount ?? 0,
    image: newest?.image ?? container.image ?? '',
    imageID: newest?.imageId ?? known?.imageID ?? '',
    ...(containerID === undefined ? {} : { containerID }),
    started: running,
  };
}
