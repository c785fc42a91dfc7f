import type { Pod, Taint } from '../../../contracts/kinds/kinds.ts';
import { tolerates } from '../../../contracts/selectors/taints.ts';
import { parseRfc3339 } from '../../../contracts/time/rfc3339.ts';

/**
 * When a pod must be evicted from its node: at once if it does not tolerate a NoExecute taint, else when the first
 * `tolerationSeconds` has passed since the taint's `timeAdded`. A taint without `timeAdded` evicts no pod that tolerates it
 * for a while; `planNodeTaints` adds the time.
 * @returns milliseconds since the epoch: 0 = at once, undefined = it may stay
 */
export function evictionAt(pod: Pod, taints: readonly Taint[]): number | undefined {
  let at: number | undefined;
  for (const taint of taints) {
    if (taint.effect !== 'NoExecute') continue;
    const until = toleratedUntil(pod, taint);
    if (until !== undefined && (at === undefined || until < at)) at = until;
  }
  return at;
}

function toleratedUntil(pod: Pod, taint: Taint): number | undefined {
  const matching = (pod.spec?.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
  if (matching.length === 0) return 0;
  const limits = matching.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? []);
  if (limits.length === 0) return undefined;
  const seconds = Math.max(0, Math.min(...limits));
  if (seconds === 0) return 0;
  const added = parseRfc3339(taint.timeAdded);
  return Number.isNaN(added) ? undefined : added + seconds * 1000;
}
