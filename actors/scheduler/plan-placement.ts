import { NOTE_MAX } from '../../contracts/kinds/event/make-event.ts';
import { filterNodeName } from './filter-node-name.ts';
import { filterPorts } from './filter-ports.ts';
import { filterResources } from './filter-resources.ts';
import { filterUnschedulable } from './filter-unschedulable.ts';
import { filterNodeAffinity } from './node-affinity.ts';
import type { NodeInfo } from './node-table.ts';
import type { Filter } from './plugin.ts';
import type { PodFacts } from './pod-requirements.ts';
import { RANKED_MAX, type Ranking } from './ranking.ts';
import type { Load } from './resource-load.ts';
import { SCORE_MAX, type Score } from './score.ts';
import { scoreBalanced } from './score-balanced-allocation.ts';
import { scoreLeastAllocated } from './score-least-allocated.ts';
import { scoreNodeAffinity } from './score-node-affinity.ts';
import { scoreTaints } from './score-taints.ts';
import { filterTaints } from './taint-toleration.ts';

/** In this order; the first that refuses a node ends the questions about it. */
const FILTERS: readonly Filter[] = [
  filterUnschedulable,
  filterNodeName,
  filterTaints,
  filterNodeAffinity,
  filterPorts,
  filterResources,
];
export const SCORES: readonly Score[] = [scoreLeastAllocated, scoreBalanced, scoreTaints, scoreNodeAffinity];

export interface Placement {
  /** The node chosen; undefined when none will do. */
  readonly node?: string;
  /** Where the next search should begin, so that all nodes get their turn. */
  readonly next: number;
  /** Reason -> number of nodes, of those that were asked. */
  readonly reasons: ReadonlyMap<string, number>;
  /** What was thought of the nodes that would do. */
  readonly ranking: Ranking;
}

/**
 * How many nodes that will do are enough to choose among: all in a small cluster, 5 % but at least 100 in a large one (the
 * idea of Kubernetes' percentageOfNodesToScore).
 */
export const enoughNodes = (nodes: number): number => Math.max(100, Math.ceil(nodes * 0.05));

/**
 * Chooses a node for a pod. Pure; ties are broken by a hash of pod and node.
 * @param nodes in a fixed order
 * @param start index at which to begin; the search wraps around
 * @param used  what pods, bound and about to be bound, take of a node
 */
export function planPlacement(
  pod: PodFacts,
  nodes: readonly NodeInfo[],
  start: number,
  used: (node: string) => Load,
): Placement {
  const enough = enoughNodes(nodes.length);
  const reasons = new Map<string, number>();
  const fit: Candidate[] = [];
  let asked = 0;
  for (; asked < nodes.length && fit.length < enough; asked++) {
    const node = nodes[(start + asked) % nodes.length] as NodeInfo;
    const load = used(node.name);
    const refusal = refusalOf(pod, node, load);
    if (refusal === undefined) fit.push({ node, load });
    else
      for (const reason of typeof refusal === 'string' ? [refusal] : refusal)
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const next = nodes.length === 0 ? 0 : (start + asked) % nodes.length;
  const ranking = rank(pod, fit);
  const [best] = ranking.best;
  return { ...(best === undefined ? {} : { node: best.node }), next, reasons, ranking };
}

/** A node that will do. */
export interface Candidate {
  readonly node: NodeInfo;
  readonly load: Load;
}

/** Why the pod cannot run on the node; undefined when it can. */
export function refusalOf(pod: PodFacts, node: NodeInfo, load: Load): string | readonly string[] | undefined {
  for (const filter of FILTERS) {
    const refusal = filter(pod, node, load);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Sets nodes that will do in order: by their points, and of equals by their ties. */
function rank(pod: PodFacts, fit: readonly Candidate[]): Ranking {
  const asked = SCORES.filter(({ skips }) => skips?.(pod) !== true);
  const points = asked.map((score) => pointsOf(score, pod, fit));
  const best: Place[] = [];
  for (let at = 0; at < fit.length; at++) {
    let total = 0;
    for (const given of points) total += given[at] as number;
    const last = best[RANKED_MAX - 1];
    if (last !== undefined && total < last.total) continue;
    const one = { at, total, tie: tie(pod, (fit[at] as Candidate).node) };
    if (last === undefined) best.push(one);
    else if (isBetter(one, last)) best[RANKED_MAX - 1] = one;
    else continue;
    for (let place = best.length - 1; place > 0 && isBetter(one, best[place - 1] as Place); place--) {
      best[place] = best[place - 1] as Place;
      best[place - 1] = one;
    }
  }
  const ranked = best.map(({ at, total }) => ({
    node: (fit[at] as Candidate).node.name,
    total,
    points: points.map((given) => given[at] ?? 0),
  }));
  return { by: asked.map(({ name }) => name), best: ranked, of: fit.length };
}

/** Of one candidate, by its index. */
interface Place {
  readonly at: number;
  readonly total: number;
  /** Of equal totals the highest is best. */
  readonly tie: number;
}
const isBetter = (one: Place, other: Place): boolean =>
  one.total > other.total || (one.total === other.total && one.tie > other.tie);

/** What one way of scoring gives each, its weight included. */
export function pointsOf({ score, weight, scale }: Score, pod: PodFacts, fit: readonly Candidate[]): readonly number[] {
  const raw = fit.map(({ node, load }) => score(pod, node, load));
  if (scale === undefined) return raw.map((one) => weight * one);
  const largest = Math.max(...raw);
  if (largest === 0) return raw; // all alike
  return raw.map((one) => weight * SCORE_MAX * (scale === 'up' ? one / largest : 1 - one / largest));
}

/** Multiplication mixes the two hashes, so that each pod has an order of nodes of its own: of equals, the highest is chosen. */
export const tie = (pod: PodFacts, node: NodeInfo): number => Math.imul(pod.uidHash ^ node.nameHash, 0x85ebca6b) >>> 0;

/** Kubernetes' words for a pod that fits nowhere. */
export function explainRefusal(nodes: number, reasons: ReadonlyMap<string, number>): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  const text = `0/${nodes} nodes are available: ${parts.join(', ')}.`;
  return text.length <= NOTE_MAX ? text : `${text.slice(0, NOTE_MAX - 4)} ...`;
}
