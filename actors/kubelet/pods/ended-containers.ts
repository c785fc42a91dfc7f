import type { ContainerStateTerminated, ContainerStatus } from '../../../contracts/kinds/kinds.ts';

/** How a container ended of which the runtime knows nothing. */
export const UNKNOWN_END: ContainerStateTerminated = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
};

const wasStarted = ({ state, lastState }: ContainerStatus): boolean =>
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
 * Containers of a pod that has ended, and of which nothing runs: none of them waits any more, except for those that the
 * init containers kept from being begun. Pure.
 * @see kubernetes pkg/kubelet/status/status_manager.go, TerminatePod
 */
export function endedContainers({ inits, regular }: Containers): Containers {
  const last = inits.at(-1);
  const initialized = last === undefined || hasSucceeded(last) || regular.some(wasStarted);
  const begun = Math.max(inits.findLastIndex(wasStarted), 0);
  return {
    inits: inits.map((status, at) => (at <= begun ? ended(status) : status)),
    regular: initialized ? regular.map(ended) : regular,
  };
}
