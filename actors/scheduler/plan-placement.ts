import { NOTE_MAX } from '../../contracts/kinds/event/make-event.ts';
import { filterPorts } from './filter-ports.ts';
import { filterResources } from './filter-resources.ts';
import { filterNodeAffinity, filterNodeName, scoreNodeAffinity } from './node-affinity.ts';
import type { NodeInfo } from './node-table.ts';
import { type Filter, SCORE_MAX, type Score } from './plugin.ts';
import type { PodRequirements } from './pod-requirements.ts';
import { RANKED_MAX, type Ranking } from './ranking.ts';
import type { Load } from '../../contracts/kinds/pod/pod-load.ts';
import { scoreBalanced } from './score-balanced-allocation.ts';
import { scoreLeastAllocated } from './score-least-allocated.ts';
import { filterTaints, filterUnschedulable, scoreTaints } from './taint-toleration.ts';

/** Run in this order; the first filter that rejects a node decides, and the others are not run for it. */
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
  /** The chosen node; undefined when no node fits. */
  readonly node?: string;
  /** Index at which the next search begins, so that the searches start at all nodes in turn. */
  readonly next: number;
  /** Reason -> number of nodes that were rejected for it. */
  readonly reasons: ReadonlyMap<string, number>;
  /** The scores of the nodes that fit. */
  readonly ranking: Ranking;
}

/** Number of fitting nodes after which the search stops: 5 % of the nodes, at least 100 (as percentageOfNodesToScore). */
export const enoughNodes = (nodes: number): number => Math.max(100, Math.ceil(nodes * 0.05));

/**
 * Chooses a node for a pod. Pure; ties are broken by a hash of pod and node.
 * @param nodes in a fixed order
 * @param start index at which the search begins; it wraps around
 * @param used  what the bound and assumed pods of a node take
 */
export function planPlacement(
  pod: PodRequirements,
  nodes: readonly NodeInfo[],
  start: number,
  used: (node: string) => Load,
): Placement {
  const enough = enoughNodes(nodes.length);
  const reasons = new Map<string, number>();
  const fit: Candidate[] = [];
  let visited = 0;
  for (; visited < nodes.length && fit.length < enough; visited++) {
    const node = nodes[(start + visited) % nodes.length] as NodeInfo;
    const load = used(node.name);
    const refusal = refusalOf(pod, node, load);
    if (refusal === undefined) fit.push({ node, load });
    else
      for (const reason of typeof refusal === 'string' ? [refusal] : refusal)
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const next = nodes.length === 0 ? 0 : (start + visited) % nodes.length;
  const ranking = rank(pod, fit);
  const [best] = ranking.best;
  return { ...(best === undefined ? {} : { node: best.node }), next, reasons, ranking };
}

/** A node on which the pod fits. */
export interface Candidate {
  readonly node: NodeInfo;
  readonly load: Load;
}

/** Why the pod cannot run on the node; undefined when it can. */
export function refusalOf(pod: PodRequirements, node: NodeInfo, load: Load): string | readonly string[] | undefined {
  for (const filter of FILTERS) {
    const refusal = filter(pod, node, load);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Sorts the fitting nodes by total points, equal totals by their tie breaker, and keeps the best. */
function rank(pod: PodRequirements, fit: readonly Candidate[]): Ranking {
  const scores = SCORES.filter(({ skips }) => skips?.(pod) !== true);
  const points = scores.map((score) => pointsOf(score, pod, fit));
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
  return { by: scores.map(({ name }) => name), best: ranked, of: fit.length };
}

/** The rank of one candidate. */
interface Place {
  /** Its index among the candidates. */
  readonly at: number;
  readonly total: number;
  /** Of equal totals the highest wins. */
  readonly tie: number;
}
const isBetter = (one: Place, other: Place): boolean =>
  one.total > other.total || (one.total === other.total && one.tie > other.tie);

/** The points that one score gives to each candidate, weight included. */
export function pointsOf(
  { score, weight, scale }: Score,
  pod: PodRequirements,
  fit: readonly Candidate[],
): readonly number[] {
  const raw = fit.map(({ node, load }) => score(pod, node, load));
  if (scale === undefined) return raw.map((one) => weight * one);
  const largest = Math.max(...raw);
  if (largest === 0) return raw; // all are 0
  return raw.map((one) => weight * SCORE_MAX * (scale === 'up' ? one / largest : 1 - one / largest));
}

/** Tie breaker: mixes the hashes of pod and node, so that each pod has its own order of nodes. Of equals the highest wins. */
export const tie = (pod: PodRequirements, node: NodeInfo): number =>
  Math.imul(pod.uidHash ^ node.nameHash, 0x85ebca6b) >>> 0;

/** Kubernetes' message for a pod that fits on no node. */
export function explainRefusal(nodes: number, reasons: ReadonlyMap<string, number>): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  const text = `0/${nodes} nodes are available: ${parts.join(', ')}.`;
  return text.length <= NOTE_MAX ? text : `${text.slice(0, NOTE_MAX - 4)} ...`;
}
