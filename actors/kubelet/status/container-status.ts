import type { Container, ContainerState, ContainerStatus } from '../../../contracts/kinds/kinds.ts';
import type { ContainerStatus as RuntimeContainer } from '../../../contracts/runtime/status.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';
import { attemptsOf, knownStatus, newestAttempt, newestInStatus } from '../containers/container-attempts.ts';
import type { PodInput } from '../pods/pod-types.ts';
import { hasStarted, isReady } from '../probes/probe-outcomes.ts';
import { UNKNOWN_END } from './terminated-containers.ts';

/** Why a container waits: `state.waiting`. */
export interface Wait {
  readonly reason: string;
  readonly message?: string;
}
export interface StatusContext {
  readonly input: PodInput;
  readonly wait: Wait | undefined;
  readonly init: boolean;
  /** The waiting reason where there is no `wait`. */
  readonly idle: 'ContainerCreating' | 'PodInitializing';
  /** The container will not be started any more. */
  readonly over: boolean;
}

const idOf = (input: PodInput, container: RuntimeContainer): string => `${input.node.runtime}://${container.id}`;

function terminated(input: PodInput, container: RuntimeContainer): ContainerState {
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

/** The last known end of a container that the runtime lost; of one that was running, an unknown end. */
function lost(known: ContainerStatus | undefined): ContainerState | undefined {
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

/** How the previous attempt ended: as the runtime has it, or as the status has it where the runtime kept only an older one. */
function lastState(input: PodInput, name: string, newest: RuntimeContainer | undefined): ContainerState | undefined {
  const known = knownStatus(input.status, name)?.lastState;
  const before = attemptsOf(input.level, name).find((each) => each.state === 'exited' && each !== newest);
  if (before === undefined) return known;
  const isNext = before.attempt + 1 === (newest?.attempt ?? newestInStatus(input.status, name));
  return isNext || known?.terminated === undefined ? terminated(input, before) : known;
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
    // `startedAt` stays as first seen, so that a later list does not change the status.
    const same = known?.containerID === idOf(input, newest) ? known.state?.running?.startedAt : undefined;
    return { state: { running: { startedAt: same ?? rfc3339(newest.startedAt ?? newest.createdAt) } }, last };
  }
  if (newest.state === 'exited') {
    const ended = terminated(input, newest);
    return at.wait === undefined ? { state: ended, last } : { state: waiting(at), last: ended };
  }
  // State unknown, e.g. while it is being removed: the status must keep that it ran.
  const gone = newest.state === 'unknown' && known?.containerID === idOf(input, newest) ? lost(known) : undefined;
  return { state: gone ?? waiting(at), last };
}

/** A container's entry in `containerStatuses` or `initContainerStatuses`. Pure. */
export function containerStatus(at: StatusContext, container: Container): ContainerStatus {
  const { input, init } = at;
  const known = knownStatus(input.status, container.name);
  const newest = newestAttempt(input, container.name);
  const { state, last } = states(at, container.name);
  const running = state.running !== undefined;
  const containerID = newest === undefined ? known?.containerID : idOf(input, newest);
  const sidecar = container.restartPolicy === 'Always';
  const runs = running && newest !== undefined;
  return {
    name: container.name,
    state,
    lastState: last ?? {},
    ready: init && !sidecar ? state.terminated?.exitCode === 0 : runs && isReady(input, container, newest),
    restartCount: newest?.attempt ?? known?.restartCount ?? 0,
    image: newest?.image ?? container.image ?? '',
    imageID: newest?.imageId ?? known?.imageID ?? '',
    ...(containerID === undefined ? {} : { containerID }),
    started: runs && hasStarted(input, container, newest),
  };
}
