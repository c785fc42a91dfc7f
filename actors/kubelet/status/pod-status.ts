import type {
  ContainerStatus as KubeContainerStatus,
  Pod,
  PodCondition,
  PodStatus,
} from '../../../contracts/kinds/kinds.ts';
import { conditionOf, isTrue, transitionTime } from '../../../contracts/kinds/meta/conditions.ts';
import { hasEnded } from '../../../contracts/kinds/pod/pod.ts';
import { qosClass } from '../../../contracts/kinds/pod/qos-class.ts';
import type { SandboxStatus } from '../../../contracts/runtime/status.ts';
import { parseRfc3339, rfc3339 } from '../../../contracts/time/rfc3339.ts';
import { attemptsOf } from '../pods/container-history.ts';
import { endedContainers } from '../pods/ended-containers.ts';
import type { PresentPod } from '../pods/pod-types.ts';
import { containerKubeStatus, type Wait } from './container-kube-status.ts';

export type Waits = ReadonlyMap<string, Wait>;
/** `over`: nothing of it will be started again. `deleted`: the same, and how it went follows from its containers. */
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
function count(statuses: readonly KubeContainerStatus[]): Counts {
  const counts = { waiting: 0, succeeded: 0 };
  for (const { state, lastState } of statuses) {
    if (state?.terminated?.exitCode === 0) counts.succeeded++;
    else if (state?.waiting !== undefined && lastState?.terminated === undefined) counts.waiting++;
  }
  return counts;
}

/** @see kubernetes pkg/kubelet/kubelet_pods.go, getPhase */
function phaseOf(initialized: boolean, statuses: readonly KubeContainerStatus[], ending?: Ending): string {
  if (ending?.kind === 'over') return ending.phase;
  const counts = count(statuses);
  if (ending?.kind === 'deleted') return counts.succeeded === statuses.length ? 'Succeeded' : 'Failed';
  if (!initialized || counts.waiting > 0) return 'Pending';
  return 'Running'; // also between two attempts: that a pod has ended is decided, not counted
}

/**
 * Nothing will be started any more, but something still runs: until it has stopped the pod is not told to have ended, for
 * what it holds is not free before.
 * @see kubernetes pkg/kubelet/status/status_manager.go, mergePodStatus
 */
const isStopping = ({ level, status, dispatched }: PresentPod, ending: Ending | undefined): boolean =>
  ending?.kind === 'over' &&
  level.containers.some(({ state }) => state === 'running') &&
  !hasEnded(status.phase) &&
  !hasEnded(dispatched.pod.status?.phase);

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>;
const TRUE: Verdict = { status: 'True' };
const no = (reason: string, message: string): Verdict => ({ status: 'False', reason, message });
const names = (statuses: readonly KubeContainerStatus[]): string => statuses.map(({ name }) => name).join(' ');

function readiness(phase: string, statuses: readonly KubeContainerStatus[]): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const unready = statuses.filter(({ ready }) => !ready);
  if (unready.length === 0) return TRUE;
  return no('ContainersNotReady', `containers with unready status: [${names(unready)}]`);
}

function gated(pod: Pod, ready: Verdict): Verdict {
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

function initVerdict(pod: Pod, inits: readonly KubeContainerStatus[], initialized: boolean, phase: string): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  if (initialized) return TRUE;
  const policies = new Map((pod.spec?.initContainers ?? []).map((each) => [each.name, each.restartPolicy]));
  const left = inits.filter(({ name, ready, started }) =>
    policies.get(name) === 'Always' ? started !== true : !ready,
  );
  return no('ContainersNotInitialized', `containers with incomplete status: [${names(left)}]`);
}

const OURS = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'] as const;

/** Ours in Kubernetes' order, with the moment of their last change; then those of others, untouched. */
function conditions(input: PresentPod, verdicts: Readonly<Record<(typeof OURS)[number], Verdict>>): PodCondition[] {
  const stored = input.dispatched.pod.status?.conditions ?? [];
  const before = { conditions: [...(input.status.conditions ?? []), ...stored] };
  const found: PodCondition[] = OURS.map((type) => {
    const verdict = verdicts[type];
    const since = transitionTime(conditionOf(before, type), verdict.status, input.now);
    return { type, ...verdict, lastTransitionTime: since };
  });
  const ours: readonly string[] = OURS;
  return [...found, ...stored.filter(({ type }) => !ours.includes(type))];
}

/**
 * Has a regular container been made in the present sandbox? In a new one the init containers run again, and until they are
 * done the pod is not initialized; without one, a container that ended tells that they were.
 * @see kubernetes pkg/kubelet/container/helpers.go, HasAnyActiveRegularContainerStarted
 */
const hasBegun = (
  { level }: PresentPod,
  statuses: readonly KubeContainerStatus[],
  sandbox: SandboxStatus | undefined,
): boolean =>
  statuses.some(({ name, state }) =>
    sandbox === undefined
      ? state?.waiting === undefined
      : attemptsOf(level, name).some(({ sandboxId }) => sandboxId === sandbox.id),
  );

/**
 * The status that the store should have of a pod. Pure.
 * @param waits   containers that can't be started now, and why
 * @param done    containers that have ended for good
 * @param ending  nothing will be started any more
 */
export function podStatus(
  input: PresentPod,
  { waits, done }: { readonly waits: Waits; readonly done: ReadonlySet<string> },
  ending?: Ending,
): PodStatus {
  const { pod } = input.dispatched;
  const inits = pod.spec?.initContainers ?? [];
  const over = ending !== undefined;
  const sandbox = input.level.sandboxes.find(({ state }) => state === 'ready');
  const context = { input, idle: inits.length > 0 ? 'PodInitializing' : 'ContainerCreating' } as const;
  const statuses = (pod.spec?.containers ?? []).map((container) =>
    containerKubeStatus(
      { ...context, init: false, over: over || done.has(container.name), wait: waits.get(container.name) },
      container,
    ),
  );
  const begun = hasBegun(input, statuses, sandbox);
  // An init container that is done with stays so when the engine has it no more.
  const initStatuses = inits.map((container) =>
    containerKubeStatus(
      {
        ...context,
        init: true,
        over: over || done.has(container.name) || (begun && container.restartPolicy !== 'Always'),
        wait: waits.get(container.name),
      },
      container,
    ),
  );
  const passed = inits.every(({ restartPolicy }, at) => {
    const found = initStatuses[at];
    return restartPolicy === 'Always' ? found?.started === true : found?.ready === true;
  });
  const initialized = passed || begun;
  const shown = isStopping(input, ending) ? undefined : ending;
  const stopped = over && input.level.containers.every(({ state }) => state !== 'running');
  const containers = { inits: initStatuses, regular: statuses };
  const told = stopped ? endedContainers(containers) : containers;
  // Conditions look ahead, so that nothing is sent any more to a pod that is being stopped.
  const ahead = phaseOf(initialized, statuses, ending);
  const ready = readiness(ahead, statuses);
  const present = pod.spec?.hostNetwork === true && sandbox !== undefined ? input.node.ip : sandbox?.ip;
  const podIP = present ?? (over ? input.status.podIP : undefined);
  const reason = shown?.kind === 'over' ? shown.reason : undefined;
  const message = shown?.kind === 'over' ? shown.message : undefined;
  return {
    phase: phaseOf(initialized, statuses, shown),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    conditions: conditions(input, {
      PodReadyToStartContainers: { status: sandbox === undefined ? 'False' : 'True' },
      Initialized: initVerdict(pod, initStatuses, initialized, ahead),
      Ready: gated(pod, ready),
      ContainersReady: ready,
      PodScheduled: TRUE,
    }),
    ...(inits.length > 0 ? { initContainerStatuses: [...told.inits] } : {}),
    containerStatuses: [...told.regular],
    hostIP: input.node.ip,
    hostIPs: [{ ip: input.node.ip }],
    ...(podIP === undefined ? {} : { podIP, podIPs: [{ ip: podIP }] }),
    startTime: rfc3339(parseRfc3339(input.status.startTime) || input.state.startedAt),
    qosClass: pod.status?.qosClass ?? qosClass(pod.spec ?? { containers: [] }),
  };
}
