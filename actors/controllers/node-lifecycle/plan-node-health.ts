import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { EventNote } from '../../../contracts/kinds/event/make-event.ts';
import type { Node, NodeCondition, Taint } from '../../../contracts/kinds/kinds.ts';
import { conditionOf, isTrue, transitionTime, withCondition } from '../../../contracts/kinds/meta/conditions.ts';
import { NOT_READY, statusNote, UNREACHABLE } from '../../../contracts/kinds/node/node.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';

/** What heartbeats say of a node: `unknown` = none for longer than the grace period. */
export type Health = 'ready' | 'not-ready' | 'unknown';

export type NodeEffect =
  | { readonly type: 'conditions'; readonly conditions: readonly NodeCondition[] }
  | { readonly type: 'taints'; readonly taints: readonly Taint[] };

export interface NodePlan {
  readonly effects: readonly NodeEffect[];
  readonly notes: readonly EventNote[];
}

const READY: Readonly<Record<Health, Pick<NodeCondition, 'status' | 'reason' | 'message'>>> = {
  ready: { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
  'not-ready': { status: 'False', reason: 'KubeletNotReady', message: 'container runtime is down' },
  unknown: { status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' },
};

/** Pressure that repels new pods while its condition is True. */
const PRESSURE: Readonly<Record<string, string>> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
};

/**
 * Decides how a node's Ready condition and the taints that follow from conditions should be. Pure and total.
 * @param evicting false while every node is unreachable: then it is more likely we who are cut off, and nobody is evicted
 * @param why what its kubelet says, if it is not ready
 */
export function planNodeHealth(node: Node, health: Health, evicting: boolean, now: number, why?: string): NodePlan {
  const ready = conditionOf(node.status, 'Ready');
  const said = health === 'not-ready' ? why : undefined;
  const effects: NodeEffect[] = [];
  const notes: EventNote[] = [];
  const isNews = ready?.status !== READY[health].status;
  if (isNews || (said !== undefined && ready.message !== said)) {
    effects.push({ type: 'conditions', conditions: withCondition(node.status, readiness(ready, health, said, now)) });
    // That it is ready again is told by the change, whoever made it.
    if (isNews && health !== 'ready') notes.push(nodeNote(node, health, said));
  }
  const taints = taintsFor(node, health, evicting, now);
  if (!sameJson(taints, node.spec?.taints ?? [])) effects.push({ type: 'taints', taints });
  return { effects, notes };
}

export const nodeNote = ({ metadata }: Node, health: Health, why?: string): EventNote =>
  statusNote(metadata?.name ?? '', health === 'ready' ? 'NodeReady' : 'NodeNotReady', why);

function readiness(
  before: NodeCondition | undefined,
  health: Health,
  why: string | undefined,
  now: number,
): NodeCondition {
  const at = rfc3339(now);
  const verdict = { ...READY[health], ...(why === undefined ? {} : { message: why }) };
  // The last heartbeat is what it was when nobody hears one.
  const lastHeartbeatTime = health === 'unknown' ? (before?.lastHeartbeatTime ?? at) : at;
  return {
    type: 'Ready',
    ...verdict,
    lastHeartbeatTime,
    lastTransitionTime: transitionTime(before, verdict.status, now),
  };
}

const managed = ({ key }: Taint): boolean =>
  key === UNREACHABLE || key === NOT_READY || Object.values(PRESSURE).includes(key);

const isUndated = ({ effect, timeAdded }: Taint): boolean => effect === 'NoExecute' && timeAdded === undefined;

/**
 * Taints of others stay, first and as they are, but the moment from which NoExecute counts is noted where they leave it out;
 * ours keep the moment at which they were added.
 */
function taintsFor(node: Node, health: Health, evicting: boolean, now: number): readonly Taint[] {
  const have = node.spec?.taints ?? [];
  const key = health === 'unknown' ? UNREACHABLE : NOT_READY;
  const wanted: Taint[] = [];
  const want = (effect: string, of: string): void => {
    const current = have.find((taint) => taint.key === of && taint.effect === effect);
    wanted.push(current ?? { key: of, effect, ...(effect === 'NoExecute' ? { timeAdded: rfc3339(now) } : {}) });
  };
  if (health !== 'ready') {
    want('NoSchedule', key);
    if (evicting) want('NoExecute', key);
  }
  for (const [type, of] of Object.entries(PRESSURE)) {
    if (isTrue(node.status, type)) want('NoSchedule', of);
  }
  const others = have.filter((taint) => !managed(taint));
  return [...others.map((taint) => (isUndated(taint) ? { ...taint, timeAdded: rfc3339(now) } : taint)), ...wanted];
}
