import type { Deployment, IntOrString } from '../../../contracts/kinds/kinds.ts';

export interface RollingLimits {
  /** Number of pods above the desired number that may exist during a rollout. */
  readonly maxSurge: number;
  /** Number of the desired pods that may be unavailable during a rollout. */
  readonly maxUnavailable: number;
}

/**
 * Resolves maxSurge and maxUnavailable to numbers of pods (Kubernetes' ResolveFenceposts): a percentage of maxSurge is
 * rounded up, one of maxUnavailable down. When both are 0 one pod may be unavailable, or no rollout could progress.
 */
export function rollingLimits(deployment: Deployment): RollingLimits {
  const want = deployment.spec?.replicas ?? 1;
  if (deployment.spec?.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: want };
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec?.strategy?.rollingUpdate ?? {};
  const surge = share(maxSurge, want, Math.ceil);
  const unavailable = share(maxUnavailable, want, Math.floor);
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, want) };
}

function share(value: IntOrString, of: number, round: (share: number) => number): number {
  const percent = typeof value === 'string' ? /^(\d+)%$/.exec(value)?.[1] : undefined;
  const count = percent === undefined ? Number(value) : round((Number(percent) * of) / 100);
  return Number.isFinite(count) && count > 0 ? count : 0;
}
