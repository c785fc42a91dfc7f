import type { ContainerStatus as KubeContainerStatus, PodStatus } from '../../contracts/kinds/kinds.ts';
import type { ContainerStatus } from '../../contracts/runtime/status.ts';
import { parseRfc3339 } from '../../contracts/time/rfc3339.ts';
import type { PodLevel } from './pod-types.ts';

/** Attempts of one container that the runtime has, newest first. */
export const attemptsOf = (level: PodLevel, name: string): readonly ContainerStatus[] =>
  level.containers
    .filter((container) => container.name === name)
    .sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt);

/** How an attempt ended. */
export interface Ending {
  readonly attempt: number;
  readonly exitCode: number;
  readonly finishedAt: number;
}

export const knownStatus = (status: PodStatus, name: string): KubeContainerStatus | undefined =>
  [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].find((each) => each.name === name);

/**
 * What the pod's status tells of a container that the runtime does not have: it ended, or it is lost (Kubernetes' exit
 * code 137). It must not run again under the same attempt, nor at all if it had ended for good.
 */
export function lostEnding(status: PodStatus, name: string): Ending | undefined {
  const known = knownStatus(status, name);
  if (known === undefined) return undefined;
  const { restartCount: attempt } = known;
  const ended = known.state?.terminated ?? known.lastState?.terminated;
  if (known.state?.running !== undefined)
    return { attempt, exitCode: 137, finishedAt: parseRfc3339(known.state.running.startedAt) || 0 };
  if (ended === undefined) return undefined;
  return { attempt, exitCode: ended.exitCode, finishedAt: parseRfc3339(ended.finishedAt) || 0 };
}
