import type { ContainerStatus, PodStatus } from '../../../contracts/kinds/kinds.ts';
import { qosClass } from '../../../contracts/kinds/pod/qos-class.ts';
import type { SandboxStatus } from '../../../contracts/runtime/status.ts';
import { parseRfc3339, rfc3339 } from '../../../contracts/time/rfc3339.ts';
import { attemptsOf } from '../containers/container-attempts.ts';
import type { PresentPod } from '../pods/pod-types.ts';
import { containerStatus, type Wait } from './container-status.ts';
import { gatedReadiness, initialization, podConditions, readiness, TRUE } from './pod-conditions.ts';
import { type Ending, isStopping, podPhase } from './pod-phase.ts';
import { terminatedContainers } from './terminated-containers.ts';

/** By container name: why a container cannot be started now. */
export type Waits = ReadonlyMap<string, Wait>;

interface Progress {
  readonly waits: Waits;
  /** Containers that have ended for good. */
  readonly done: ReadonlySet<string>;
}

/**
 * The status to be written to a pod. Pure.
 * @param ending  how the pod ends; nothing will be started any more
 */
export function podStatus(input: PresentPod, progress: Progress, ending?: Ending): PodStatus {
  const { pod } = input.dispatched;
  const over = ending !== undefined;
  const sandbox = input.level.sandboxes.find(({ state }) => state === 'ready');
  const { inits, regular, initialized } = containerStatuses(input, progress, over, sandbox);
  const shown = isStopping(input, ending) ? undefined : ending;
  const stopped = over && input.level.containers.every(({ state }) => state !== 'running');
  const containers = stopped ? terminatedContainers({ inits, regular }) : { inits, regular };
  // Conditions are those of the ended pod even while it is stopping, so that it gets no more traffic.
  const ahead = podPhase(initialized, regular, ending);
  const ready = readiness(ahead, regular);
  const present = pod.spec?.hostNetwork === true && sandbox !== undefined ? input.node.ip : sandbox?.ip;
  const podIP = present ?? (over ? input.status.podIP : undefined);
  const reason = shown?.kind === 'over' ? shown.reason : undefined;
  const message = shown?.kind === 'over' ? shown.message : undefined;
  return {
    phase: podPhase(initialized, regular, shown),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    conditions: podConditions(input, {
      PodReadyToStartContainers: { status: sandbox === undefined ? 'False' : 'True' },
      Initialized: initialization(pod, inits, initialized, ahead),
      Ready: gatedReadiness(pod, ready),
      ContainersReady: ready,
      PodScheduled: TRUE,
    }),
    ...(inits.length > 0 ? { initContainerStatuses: [...containers.inits] } : {}),
    containerStatuses: [...containers.regular],
    hostIP: input.node.ip,
    hostIPs: [{ ip: input.node.ip }],
    ...(podIP === undefined ? {} : { podIP, podIPs: [{ ip: podIP }] }),
    startTime: rfc3339(parseRfc3339(input.status.startTime) || input.state.startedAt),
    qosClass: pod.status?.qosClass ?? qosClass(pod.spec ?? { containers: [] }),
  };
}

interface ContainerStatuses {
  readonly inits: readonly ContainerStatus[];
  readonly regular: readonly ContainerStatus[];
  /** Whether the init containers are done. */
  readonly initialized: boolean;
}

function containerStatuses(
  input: PresentPod,
  { waits, done }: Progress,
  over: boolean,
  sandbox: SandboxStatus | undefined,
): ContainerStatuses {
  const { initContainers = [], containers = [] } = input.dispatched.pod.spec ?? {};
  const context = { input, idle: initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating' } as const;
  const regular = containers.map((container) => {
    const { name } = container;
    return containerStatus({ ...context, init: false, over: over || done.has(name), wait: waits.get(name) }, container);
  });
  const started = hasStartedRegular(input, regular, sandbox);
  const inits = initContainers.map((container) => {
    const { name, restartPolicy } = container;
    // An init container that is done stays done when the runtime no longer has it.
    const ended = over || done.has(name) || (started && restartPolicy !== 'Always');
    return containerStatus({ ...context, init: true, over: ended, wait: waits.get(name) }, container);
  });
  const passed = initContainers.every(({ restartPolicy }, at) => {
    const found = inits[at];
    return restartPolicy === 'Always' ? found?.started === true : found?.ready === true;
  });
  return { inits, regular, initialized: passed || started };
}

/**
 * Whether a regular container exists in the present sandbox. In a new sandbox the init containers run again, and until then
 * the pod is not initialized; without a sandbox, a container that was started shows that it was.
 * @see kubernetes pkg/kubelet/container/helpers.go, HasAnyActiveRegularContainerStarted
 */
const hasStartedRegular = (
  { level }: PresentPod,
  statuses: readonly ContainerStatus[],
  sandbox: SandboxStatus | undefined,
): boolean =>
  statuses.some(({ name, state }) =>
    sandbox === undefined
      ? state?.waiting === undefined
      : attemptsOf(level, name).some(({ sandboxId }) => sandboxId === sandbox.id),
  );
