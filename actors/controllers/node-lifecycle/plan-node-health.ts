import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { EventNote } from '../../../contracts/kinds/event/make-event.ts';
import type { Node, NodeCondition, Taint } from '../../../contracts/kinds/kinds.ts';
import { planNodeTaints } from './plan-node-taints.ts';
import { type Health, nodeNote, planReadyCondition } from './plan-ready-condition.ts';

export type NodeEffect =
  | { readonly type: 'conditions'; readonly conditions: readonly NodeCondition[] }
  | { readonly type: 'taints'; readonly taints: readonly Taint[] };

export interface NodePlan {
  readonly effects: readonly NodeEffect[];
  /** Events about the change. */
  readonly notes: readonly EventNote[];
}

/**
 * Decides a node's Ready condition and its taints. Pure and total.
 * @param mayEvict false while no node reports: then this process is more likely cut off, and no pod is evicted
 * @param message  the kubelet's message about why it is not ready
 */
export function planNodeHealth(node: Node, health: Health, mayEvict: boolean, now: number, message?: string): NodePlan {
  const reported = health === 'not-ready' ? message : undefined;
  const effects: NodeEffect[] = [];
  const notes: EventNote[] = [];
  const ready = planReadyCondition(node, health, now, reported);
  if (ready !== undefined) {
    effects.push({ type: 'conditions', conditions: ready.conditions });
    // That a node is ready again is recorded when its change arrives, because its kubelet may have written it.
    if (ready.statusChanges && health !== 'ready') notes.push(nodeNote(node, health, reported));
  }
  const taints = planNodeTaints(node, health, mayEvict, now);
  if (!sameJson(taints, node.spec?.taints ?? [])) effects.push({ type: 'taints', taints });
  return { effects, notes };
}
