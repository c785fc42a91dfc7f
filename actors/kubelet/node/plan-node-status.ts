import type { Node, NodeCondition, NodeStatus, ObjectMeta } from '../../../contracts/kinds/kinds.ts';
import { conditionOf, transitionTime } from '../../../contracts/kinds/meta/conditions.ts';
import { RUNTIME_UNANSWERED } from '../../../contracts/kinds/node/node.ts';
import { type Pressure, pressureConditions } from '../pressure/pressure-conditions.ts';
import type { NodeOptions } from './node-options.ts';
import { nodeResources } from './node-resources.ts';
import type { RuntimeInfo } from '../../../contracts/runtime/status.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';

export interface NodeHealth {
  readonly ready: boolean;
  /** Why the node is not ready. */
  readonly message?: string;
  /** The runtime has not answered since the kubelet started. */
  readonly unanswered?: true;
  readonly pressures?: readonly Pressure[];
}
export const UNANSWERED: NodeHealth = { ready: false, message: RUNTIME_UNANSWERED, unanswered: true };

function condition(type: string, status: string, reason: string, message: string): NodeCondition {
  return { type, status, reason, message };
}

/** What the kubelet last knew of its stored Node: as much as the next status, and events about it, need. */
export interface KnownNode {
  readonly metadata: Pick<ObjectMeta, 'name' | 'uid' | 'resourceVersion'>;
  readonly conditions: NodeCondition[];
  readonly bootId: string;
  /** Absent in what a kubelet of an earlier release remembered. */
  readonly labels?: Readonly<Record<string, string>>;
}
export function knownNode(node: Node, name: string): KnownNode {
  const { uid, resourceVersion } = node.metadata ?? {};
  return {
    metadata: {
      name,
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    conditions: node.status?.conditions ?? [],
    bootId: bootOf(node),
    labels: node.metadata?.labels ?? {},
  };
}

function verdicts({ ready, message, pressures = [] }: NodeHealth): readonly NodeCondition[] {
  return [
    ...pressureConditions(pressures),
    ready
      ? condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status')
      : condition('Ready', 'False', 'KubeletNotReady', message ?? 'container runtime is down'),
  ];
}

/**
 * The status to be written to a Node: its Ready and pressure conditions, capacity, addresses and machine. Pure.
 * @param before the stored status as far as it is known: conditions that other writers own are kept, and
 *   `lastTransitionTime` moves only where a condition's `status` changes
 */
export function nodeStatus(
  options: NodeOptions,
  info: RuntimeInfo,
  health: NodeHealth,
  before: Pick<NodeStatus, 'conditions'> | undefined,
  now: number,
): NodeStatus {
  const ours = verdicts(health).map((each) => {
    const since = transitionTime(conditionOf(before, each.type), each.status, now);
    return { ...each, lastHeartbeatTime: rfc3339(now), lastTransitionTime: since };
  });
  const others = (before?.conditions ?? []).filter(({ type }) => !ours.some((each) => each.type === type));
  const { capacity, allocatable } = nodeResources(options, info);
  return {
    capacity,
    allocatable,
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

/** The Node object that a kubelet creates to register its node. Pure. */
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

/** Whether the stored conditions match the node's health. They differ e.g. after node-lifecycle set Ready to Unknown. */
export const hasOurConditions = (stored: Node, health: NodeHealth): boolean =>
  verdicts(health).every(({ type, status }) => conditionOf(stored.status, type)?.status === status);

/** Boot id of the machine whose kubelet wrote the Node last; empty = not known. */
export const bootOf = (node: Node | undefined): string => node?.status?.nodeInfo?.bootID ?? '';
