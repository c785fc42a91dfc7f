import type { ContainerStatus as KubeContainerStatus, PodStatus } from '../../../contracts/kinds/kinds.ts';
import type { ContainerStatus } from '../../../contracts/runtime/status.ts';
import { parseRfc3339 } from '../../../contracts/time/rfc3339.ts';
import type { PodInput, PodLevel } from './pod-types.ts';

type Named<T> = ReadonlyMap<string, readonly T[]>;
/* A plan asks for every container of a pod, several times. */
const attempts = new WeakMap<PodLevel['containers'], Named<ContainerStatus>>();
const statuses = new WeakMap<PodStatus, Named<KubeContainerStatus>>();

function byName<K extends object, T extends { readonly name: string }>(
  known: WeakMap<K, Named<T>>,
  of: K,
  list: () => readonly T[],
): Named<T> {
  const before = known.get(of);
  if (before !== undefined) return before;
  const named = new Map<string, T[]>();
  for (const each of list()) {
    const same = named.get(each.name);
    if (same === undefined) named.set(each.name, [each]);
    else same.push(each);
  }
  known.set(of, named);
  return named;
}

const newestFirst = (containers: readonly ContainerStatus[]): readonly ContainerStatus[] =>
  [...containers].sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt);

/** Attempts of one container that the runtime has, newest first. */
export const attemptsOf = ({ containers }: PodLevel, name: string): readonly ContainerStatus[] =>
  byName(attempts, containers, () => newestFirst(containers)).get(name) ?? [];

/** How an attempt ended. */
export interface Ending {
  readonly attempt: number;
  readonly exitCode: number;
  readonly finishedAt: number;
}

export const knownStatus = (status: PodStatus, name: string): KubeContainerStatus | undefined =>
  byName(statuses, status, () => [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])]).get(
    name,
  )?.[0];

type Told = Pick<PodInput, 'level' | 'status'>;

/**
 * The newest attempt, if the runtime has it. Not an older one that has ended, where the pod's status tells of one after it:
 * that one is lost.
 */
export function newestAttempt({ level, status }: Told, name: string): ContainerStatus | undefined {
  const newest = attemptsOf(level, name)[0];
  return newest?.state === 'exited' && newest.attempt < newestTold(status, name) ? undefined : newest;
}

/** The number of the newest attempt that the pod's status tells of; -1 where it tells of none. */
export function newestTold(status: PodStatus, name: string): number {
  const { containerID, restartCount = 0 } = knownStatus(status, name) ?? {};
  return containerID === undefined && lostEnding(status, name) === undefined ? -1 : restartCount;
}

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

/** Was an attempt made after the last one that ended, and never seen to run? It was due then, and is yet. */
export function isMadeAlone(status: PodStatus, name: string): boolean {
  const { state, lastState, containerID } = knownStatus(status, name) ?? {};
  const endedID = lastState?.terminated?.containerID;
  if (state?.waiting === undefined || containerID === undefined || endedID === undefined) return false;
  return containerID !== endedID;
}
