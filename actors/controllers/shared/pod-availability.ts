import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { conditionOf } from '../../../contracts/kinds/meta/conditions.ts';
import { hasEnded } from '../../../contracts/kinds/pod/pod.ts';
import { parseRfc3339 } from '../../../contracts/time/rfc3339.ts';
import { isTerminating } from './object-meta.ts';

/** Counts as a replica: it has not ended and is not terminating. */
export const isActive = (pod: Pod): boolean => !hasEnded(pod.status?.phase) && !isTerminating(pod);

/** @returns milliseconds since the epoch; undefined while the pod is not ready; 0 when its condition has no transition time */
export function readySince(pod: Pod): number | undefined {
  const ready = conditionOf(pod.status, 'Ready');
  if (ready?.status !== 'True') return undefined;
  const since = parseRfc3339(ready.lastTransitionTime);
  return Number.isNaN(since) ? 0 : since;
}

/** Milliseconds until a pod that stays ready counts as available: 0 = it is available, undefined = it is not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  const since = readySince(pod);
  return since === undefined
    ? undefined
    : minReadySeconds === 0
      ? 0
      : Math.max(0, since + minReadySeconds * 1000 - now);
}
