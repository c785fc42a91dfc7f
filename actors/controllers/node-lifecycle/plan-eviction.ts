import type { Pod, Taint } from '../../../contracts/kinds/kinds.ts';
import { tolerates } from '../../../contracts/selectors/taints.ts';
import { parseRfc3339 } from '../../../contracts/time/rfc3339.ts';

/**
 * When a pod has to leave its node. Each NoExecute taint must be tolerated, and for as long as its tolerations say; the
 * time runs from the moment at which the taint was added; where nobody noted it (people leave it out, and `planNodeHealth`
 * notes it), the pod stays until somebody has.
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
