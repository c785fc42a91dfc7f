import type { EventNote } from '../../../contracts/kinds/event/make-event.ts';
import type { Node, NodeCondition } from '../../../contracts/kinds/kinds.ts';
import { conditionOf, transitionTime, withCondition } from '../../../contracts/kinds/meta/conditions.ts';
import { statusNote } from '../../../contracts/kinds/node/node.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';

/** A node's health by its heartbeats: `unknown` = none for longer than the grace period. */
export type Health = 'ready' | 'not-ready' | 'unknown';

const READY: Readonly<Record<Health, Pick<NodeCondition, 'status' | 'reason' | 'message'>>> = {
  ready: { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
  'not-ready': { status: 'False', reason: 'KubeletNotReady', message: 'container runtime is down' },
  unknown: { status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' },
};

export interface ReadyChange {
  /** All conditions of the node, with the new Ready condition. */
  readonly conditions: readonly NodeCondition[];
  /** Does the condition's status change, or only its message? */
  readonly statusChanges: boolean;
}

/**
 * Decides a node's Ready condition. Pure.
 * @param message the kubelet's message about why it is not ready
 * @returns undefined when the condition stays as it is
 */
export function planReadyCondition(
  node: Node,
  health: Health,
  now: number,
  message: string | undefined,
): ReadyChange | undefined {
  const current = conditionOf(node.status, 'Ready');
  const statusChanges = current?.status !== READY[health].status;
  if (!statusChanges && (message === undefined || current?.message === message)) return undefined;
  return { conditions: withCondition(node.status, readyCondition(current, health, message, now)), statusChanges };
}

/** The note of the event that reports a node's health. */
export const nodeNote = ({ metadata }: Node, health: Health, message?: string): EventNote =>
  statusNote(metadata?.name ?? '', health === 'ready' ? 'NodeReady' : 'NodeNotReady', message);

function readyCondition(
  before: NodeCondition | undefined,
  health: Health,
  message: string | undefined,
  now: number,
): NodeCondition {
  const at = rfc3339(now);
  const verdict = { ...READY[health], ...(message === undefined ? {} : { message }) };
  // Without heartbeats, the time of the last one stays.
  const lastHeartbeatTime = health === 'unknown' ? (before?.lastHeartbeatTime ?? at) : at;
  return {
    type: 'Ready',
    ...verdict,
    lastHeartbeatTime,
    lastTransitionTime: transitionTime(before, verdict.status, now),
  };
}
