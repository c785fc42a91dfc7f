import type { ContainerStatus, Pod, PodCondition } from '../../../contracts/kinds/kinds.ts';
import { conditionOf, isTrue, transitionTime } from '../../../contracts/kinds/meta/conditions.ts';
import type { PresentPod } from '../pods/pod-types.ts';

export type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>;
export const TRUE: Verdict = { status: 'True' };
const no = (reason: string, message: string): Verdict => ({ status: 'False', reason, message });
const names = (statuses: readonly ContainerStatus[]): string => statuses.map(({ name }) => name).join(' ');

/** ContainersReady, and Ready where no readiness gate is closed. */
export function readiness(phase: string, statuses: readonly ContainerStatus[]): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const unready = statuses.filter(({ ready }) => !ready);
  if (unready.length === 0) return TRUE;
  return no('ContainersNotReady', `containers with unready status: [${names(unready)}]`);
}

/** Ready, with the pod's readiness gates. */
export function gatedReadiness(pod: Pod, ready: Verdict): Verdict {
  if (ready.status !== 'True') return ready;
  const closed = (pod.spec?.readinessGates ?? []).filter(({ conditionType }) => !isTrue(pod.status, conditionType));
  if (closed.length === 0) return TRUE;
  const message = closed
    .map(
      ({ conditionType }) =>
        `corresponding condition of pod readiness gate "${conditionType}" does not exist or is not "True".`,
    )
    .join(' ');
  return no('ReadinessGatesNotReady', message);
}

/** Initialized. */
export function initialization(
  pod: Pod,
  inits: readonly ContainerStatus[],
  initialized: boolean,
  phase: string,
): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  if (initialized) return TRUE;
  const policies = new Map((pod.spec?.initContainers ?? []).map((each) => [each.name, each.restartPolicy]));
  const left = inits.filter(({ name, ready, started }) =>
    policies.get(name) === 'Always' ? started !== true : !ready,
  );
  return no('ContainersNotInitialized', `containers with incomplete status: [${names(left)}]`);
}

/** DisruptionTarget of a pod that ran and was evicted. */
function disruption({ state, level }: PresentPod): readonly (Verdict & { readonly type: string })[] {
  if (state.failed?.reason !== 'Evicted' || level.containers.length === 0) return [];
  const { message } = state.failed;
  return [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message }];
}

const OURS = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'] as const;

/**
 * The pod's conditions: the kubelet's own in Kubernetes' order, then those of other writers, unchanged.
 * `lastTransitionTime` moves only where a condition's `status` changes. Pure.
 */
export function podConditions(
  input: PresentPod,
  verdicts: Readonly<Record<(typeof OURS)[number], Verdict>>,
): PodCondition[] {
  const stored = input.dispatched.pod.status?.conditions ?? [];
  const before = { conditions: [...(input.status.conditions ?? []), ...stored] };
  const found: PodCondition[] = OURS.map((type) => {
    const verdict = verdicts[type];
    const since = transitionTime(conditionOf(before, type), verdict.status, input.now);
    return { type, ...verdict, lastTransitionTime: since };
  });
  const disrupted = disruption(input).map(({ type, ...verdict }): PodCondition => {
    const since = transitionTime(conditionOf(before, type), verdict.status, input.now);
    return { type, ...verdict, lastTransitionTime: since };
  });
  const ours: readonly string[] = [...OURS, ...disrupted.map(({ type }) => type)];
  return [...found, ...disrupted, ...stored.filter(({ type }) => !ours.includes(type))];
}
