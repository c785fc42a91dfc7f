import type { Node, NodeCondition, NodeStatus } from '../../../contracts/kinds/kinds.ts';
import { conditionOf, transitionTime } from '../../../contracts/kinds/meta/conditions.ts';
import { RUNTIME_UNANSWERED } from '../../../contracts/kinds/node/node.ts';
import { canonicalQuantity } from '../../../contracts/quantity.ts';
import type { RuntimeInfo } from '../../../contracts/runtime/status.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';

/** What a kubelet is told of its node by whoever starts it; the rest it asks the runtime. */
export interface NodeOptions {
  readonly node: string;
  /** The address at which the node is reached, and that its pods see as `status.hostIP`. */
  readonly ip: string;
  /** Kubernetes quantities; what is left out is what the machine has, and 110 pods. */
  readonly capacity?: { readonly cpu?: string; readonly memory?: string; readonly pods?: string };
  readonly labels?: Readonly<Record<string, string>>;
  readonly version: string;
  /** Of the machine's start, `status.nodeInfo.bootID`: another machine of this name has another. Absent = not known. */
  readonly bootId?: string;
}
export interface NodeHealth {
  readonly ready: boolean;
  /** Why not. */
  readonly message?: string;
  /** The runtime has not answered since the kubelet began. */
  readonly unanswered?: true;
}
export const UNANSWERED: NodeHealth = { ready: false, message: RUNTIME_UNANSWERED, unanswered: true };

function condition(type: string, status: string, reason: string, message: string): NodeCondition {
  return { type, status, reason, message };
}

function verdicts({ ready, message }: NodeHealth): readonly NodeCondition[] {
  return [
    condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    ready
      ? condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status')
      : condition('Ready', 'False', 'KubeletNotReady', message ?? 'container runtime is down'),
  ];
}

/**
 * The status that the store should have of a node. Pure.
 * @param before the status that it has, as far as is known; conditions of others stay as they are there
 */
export function nodeStatus(
  options: NodeOptions,
  info: RuntimeInfo,
  health: NodeHealth,
  before: NodeStatus | undefined,
  now: number,
): NodeStatus {
  const ours = verdicts(health).map((each) => {
    const since = transitionTime(conditionOf(before, each.type), each.status, now);
    return { ...each, lastHeartbeatTime: rfc3339(now), lastTransitionTime: since };
  });
  const others = (before?.conditions ?? []).filter(({ type }) => !ours.some((each) => each.type === type));
  const capacity = {
    cpu: options.capacity?.cpu ?? canonicalQuantity(`${info.cpuMillis}m`),
    memory: options.capacity?.memory ?? `${Math.floor(info.memoryBytes / 1024)}Ki`,
    pods: options.capacity?.pods ?? '110',
  };
  return {
    capacity,
    allocatable: capacity,
    conditions: [...ours, ...others],
    addresses: [
      { type: 'InternalIP', address: options.ip },
      { type: 'Hostname', address: options.node },
    ],
    nodeInfo: {
      architecture: info.architecture,
      bootID: options.bootId ?? '',
      containerRuntimeVersion: `${info.runtime}://${info.version}`,
      kernelVersion: info.kernelVersion,
      kubeProxyVersion: '',
      kubeletVersion: options.version,
      machineID: '',
      operatingSystem: info.operatingSystem,
      osImage: info.osImage,
      systemUUID: '',
    },
  };
}

/** The Node object with which a kubelet makes its node known. Pure. */
export function nodeObject(options: NodeOptions, info: RuntimeInfo, status: NodeStatus): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: options.node,
      labels: {
        'kubernetes.io/hostname': options.node,
        'kubernetes.io/os': info.operatingSystem,
        'kubernetes.io/arch': info.architecture,
        ...options.labels,
      },
    },
    spec: {},
    status,
  };
}

/** Does the store say of our conditions what we would say? Someone else may call a silent node's readiness unknown. */
export const tellsOurHealth = (stored: Node, health: NodeHealth): boolean =>
  verdicts(health).every(({ type, status }) => conditionOf(stored.status, type)?.status === status);

/** Of the machine whose kubelet wrote the Node last; empty = not known. */
export const bootOf = (node: Node | undefined): string => node?.status?.nodeInfo?.bootID ?? '';
