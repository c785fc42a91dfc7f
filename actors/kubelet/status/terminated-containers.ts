import type { ContainerStateTerminated, ContainerStatus } from '../../../contracts/kinds/kinds.ts';

/** The end of a container that the runtime does not have. */
export const UNKNOWN_END: ContainerStateTerminated = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
};

const hasStarted = ({ state, lastState }: ContainerStatus): boolean =>
  state?.waiting === undefined || lastState?.terminated !== undefined;
const hasSucceeded = ({ state, lastState }: ContainerStatus): boolean =>
  state?.terminated?.exitCode === 0 || lastState?.terminated?.exitCode === 0;

const ended = (status: ContainerStatus): ContainerStatus =>
  status.state?.terminated === undefined ? { ...status, state: { terminated: UNKNOWN_END } } : status;

interface Containers {
  readonly inits: readonly ContainerStatus[];
  readonly regular: readonly ContainerStatus[];
}

/**
 * The container statuses of a pod that has ended and of which nothing runs: containers that still wait become terminated,
 * except for those that never started because of their init containers. Pure.
 * @see kubernetes pkg/kubelet/status/status_manager.go, TerminatePod
 */
export function terminatedContainers({ inits, regular }: Containers): Containers {
  const last = inits.at(-1);
  const initialized = last === undefined || hasSucceeded(last) || regular.some(hasStarted);
  const lastStarted = Math.max(inits.findLastIndex(hasStarted), 0);
  return {
    inits: inits.map((status, at) => (at <= lastStarted ? ended(status) : status)),
    regular: initialized ? regular.map(ended) : regular,
  };
}
