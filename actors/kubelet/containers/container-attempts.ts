import type { ContainerStatus as KubeContainerStatus, PodStatus } from '../../../contracts/kinds/kinds.ts';
import type { ContainerStatus } from '../../../contracts/runtime/status.ts';
import { parseRfc3339 } from '../../../contracts/time/rfc3339.ts';
import type { PodInput, PodLevel } from '../pods/pod-types.ts';

type Named<T> = ReadonlyMap<string, readonly T[]>;
/* Caches: a plan looks up every container of a pod several times. */
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

/** The attempts of one container that the runtime has, newest first. */
export const attemptsOf = ({ containers }: PodLevel, name: string): readonly ContainerStatus[] =>
  byName(attempts, containers, () => newestFirst(containers)).get(name) ?? [];

/** How an attempt ended; `finishedAt` in milliseconds since the Unix epoch. */
export interface AttemptEnding {
  readonly attempt: number;
  readonly exitCode: number;
  readonly finishedAt: number;
}

/** A container's entry in the pod's status. */
export const knownStatus = (status: PodStatus, name: string): KubeContainerStatus | undefined =>
  byName(statuses, status, () => [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])]).get(
    name,
  )?.[0];

type Known = Pick<PodInput, 'level' | 'status'>;

/**
 * The newest attempt, if the runtime has it; `undefined` where the pod's status has a newer one than the runtime, which
 * then lost it, unless the older one still runs.
 */
export function newestAttempt({ level, status }: Known, name: string): ContainerStatus | undefined {
  const newest = attemptsOf(level, name)[0];
  return newest?.state === 'exited' && newest.attempt < newestInStatus(status, name) ? undefined : newest;
}

/** The number of the newest attempt in the pod's status; -1 where there is none. */
export function newestInStatus(status: PodStatus, name: string): number {
  const { containerID, restartCount = 0 } = knownStatus(status, name) ?? {};
  return containerID === undefined && lostEnding(status, name) === undefined ? -1 : restartCount;
}

/**
 * How a container that the runtime does not have ended, by the pod's status: as recorded there, or with exit code 137 if it
 * was running. It must not run again under the same attempt, nor at all if it had ended for good.
 */
export function lostEnding(status: PodStatus, name: string): AttemptEnding | undefined {
  const known = knownStatus(status, name);
  if (known === undefined) return undefined;
  const { restartCount: attempt } = known;
  const ended = known.state?.terminated ?? known.lastState?.terminated;
  if (known.state?.running !== undefined)
    return { attempt, exitCode: 137, finishedAt: parseRfc3339(known.state.running.startedAt) || 0 };
  if (ended === undefined) return undefined;
  return { attempt, exitCode: ended.exitCode, finishedAt: parseRfc3339(ended.finishedAt) || 0 };
}

/** Whether a new attempt was created after the last one ended, and was never seen running: it is still due. */
export function wasCreatedOnly(status: PodStatus, name: string): boolean {
  const { state, lastState, containerID } = knownStatus(status, name) ?? {};
  const endedID = lastState?.terminated?.containerID;
  if (state?.waiting === undefined || containerID === undefined || endedID === undefined) return false;
  return containerID !== endedID;
}
