import type { ContainerStatus } from '../../../contracts/kinds/kinds.ts';
import { hasEnded } from '../../../contracts/kinds/pod/pod.ts';
import type { PresentPod } from '../pods/pod-types.ts';

/** How a pod ends. `over`: as given. `deleted`: it was deleted, and its containers decide between Succeeded and Failed. */
export type Ending =
  | {
      readonly kind: 'over';
      readonly phase: 'Succeeded' | 'Failed';
      readonly reason?: string;
      readonly message?: string;
    }
  | { readonly kind: 'deleted' };

interface Counts {
  /** Waiting for its first start. */
  readonly waiting: number;
  readonly succeeded: number;
}
function count(statuses: readonly ContainerStatus[]): Counts {
  const counts = { waiting: 0, succeeded: 0 };
  for (const { state, lastState } of statuses) {
    if (state?.terminated?.exitCode === 0) counts.succeeded++;
    else if (state?.waiting !== undefined && lastState?.terminated === undefined) counts.waiting++;
  }
  return counts;
}

/** The pod's phase. Pure. @see kubernetes pkg/kubelet/kubelet_pods.go, getPhase */
export function podPhase(initialized: boolean, statuses: readonly ContainerStatus[], ending?: Ending): string {
  if (ending?.kind === 'over') return ending.phase;
  const counts = count(statuses);
  if (ending?.kind === 'deleted') return counts.succeeded === statuses.length ? 'Succeeded' : 'Failed';
  if (!initialized || counts.waiting > 0) return 'Pending';
  return 'Running'; // also between two attempts: the plan decides that a pod has ended, not the counts
}

/**
 * Whether a pod that has ended still has running containers. Until they have stopped its phase stays as it was: what the pod
 * holds is not free yet.
 * @see kubernetes pkg/kubelet/status/status_manager.go, mergePodStatus
 */
export const isStopping = ({ level, status, dispatched }: PresentPod, ending: Ending | undefined): boolean =>
  ending?.kind === 'over' &&
  level.containers.some(({ state }) => state === 'running') &&
  !hasEnded(status.phase) &&
  !hasEnded(dispatched.pod.status?.phase);
