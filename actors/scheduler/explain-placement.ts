import type { Event } from '../../contracts/kinds/kinds.ts';
import type { Binding } from '../../contracts/messages/api.ts';
import { type Key, storeKey } from '../../contracts/store/keys.ts';
import type { Said } from '../kernel/contract.ts';
import type { NodeScore, PlacementTable, PlacementTurn } from '../kernel/replay-knowledge.ts';
import { ASSUMED } from './assumed-pods.ts';
import { type NodeInfo, nodesInOrder, nodeTable, podAt } from './node-table.ts';
import { type Candidate, planPlacement, pointsOf, refusalOf, SCORES, tie } from './plan-placement.ts';
import { type PodRequirements, podRequirements } from './pod-requirements.ts';
import type { Ranking } from './ranking.ts';
import { combine, type Load, NO_LOAD, podLoad } from '../../contracts/kinds/pod/pod-load.ts';

/** The placement that `planPlacement` computes from the same arguments, with the scores and reasons behind it. Pure; slower. */
export function explainPlacement(
  pod: PodRequirements,
  nodes: readonly NodeInfo[],
  start: number,
  used: (node: string) => Load,
): { readonly chosen?: string; readonly next: number; readonly nodes: readonly NodeScore[] } {
  const { node: chosen, next } = planPlacement(pod, nodes, start, used);
  const all = nodes.length;
  const asked = next === start % all ? all : (next - (start % all) + all) % all;
  const fit: Candidate[] = [];
  const refused: NodeScore[] = [];
  for (let at = 0; at < asked; at++) {
    const node = nodes[(start + at) % nodes.length] as NodeInfo;
    const load = used(node.name);
    const refusal = refusalOf(pod, node, load);
    if (refusal === undefined) fit.push({ node, load });
    else
      refused.push({
        node: node.name,
        refused: typeof refusal === 'string' ? [refusal] : refusal,
        points: {},
        total: 0,
        tie: tie(pod, node),
      });
  }
  return { ...(chosen === undefined ? {} : { chosen }), next, nodes: [...scored(pod, fit), ...refused] };
}

function scored(pod: PodRequirements, fit: readonly Candidate[]): readonly NodeScore[] {
  const points = fit.map((): Record<string, number> => ({}));
  for (const score of SCORES) {
    if (score.skips?.(pod) === true) continue;
    for (const [at, given] of pointsOf(score, pod, fit).entries())
      (points[at] as Record<string, number>)[score.name] = given;
  }
  return fit
    .map(({ node }, at): NodeScore => {
      const given = points[at] ?? {};
      // Added in the order in which they were given: a sum of fractions depends on the order.
      const total = Object.values(given).reduce((sum, one) => sum + one, 0);
      return { node: node.name, points: given, total, tie: tie(pod, node) };
    })
    .sort((a, b) => b.total - a.total || b.tie - a.tie);
}

/** The table of a placement from the ranking that was recorded with its binding. Pure. */
export function tableOfRanking(
  { metadata: { namespace = '', name = '' } = {}, target }: Partial<Binding>,
  ranking: Ranking,
): PlacementTable {
  const { by, best, of } = ranking;
  const nodes = best.map(
    ({ node, points, total }): NodeScore => ({
      node,
      points: Object.fromEntries(by.map((score, at) => [score, points[at] ?? 0])),
      total,
      tie: 0,
    }),
  );
  return {
    namespace,
    pod: name,
    ...(target?.name === undefined ? {} : { chosen: target.name }),
    nodes,
    ...(of > nodes.length ? { unseen: of - nodes.length } : {}),
  };
}

/** Every placement of a turn, in the order in which they were made, computed again from the view and the cells of that turn. Pure. */
export function explainTurn({ view, before, after, said }: PlacementTurn): readonly PlacementTable[] {
  const table = nodeTable.build(view);
  const nodes = nodesInOrder(table);
  const placed = said.flatMap((one) => placedIn(one) ?? []);
  const assumed = new Map<string, Load>();
  const assume = (node: string, load: Load): void =>
    void assumed.set(node, combine(assumed.get(node) ?? NO_LOAD, load));
  // Pods that this turn placed are added one by one below; all others were assumed before its first placement.
  const own = new Set(placed.map(({ namespace, name }) => storeKey('pods', namespace, name)));
  for (const [cell, book] of Object.entries(after)) {
    const key: Key = cell.slice(ASSUMED.length);
    if (!cell.startsWith(ASSUMED) || own.has(key) || book === null) continue;
    const pod = podAt(view, key);
    if (pod !== undefined) assume((book as { readonly node: string }).node, podLoad(pod));
  }
  let start = typeof before['start'] === 'number' ? before['start'] : 0;
  const used = (node: string): Load => combine(table.bound.get(node)?.load ?? NO_LOAD, assumed.get(node) ?? NO_LOAD);
  return placed.flatMap(({ namespace, name, node }) => {
    const pod = view.get('pods', namespace, name);
    if (pod === undefined) return [];
    const facts = podRequirements(pod);
    const { next, ...explained } = explainPlacement(facts, nodes, start, used);
    // An unschedulable report that was sent late: its search belongs to an earlier turn.
    if (node === undefined && explained.chosen !== undefined) return [];
    start = next;
    if (node !== undefined) assume(node, facts.load);
    return [{ namespace, pod: name, ...explained }];
  });
}

/** The pod that a message is about: bound to a node, or reported as unschedulable by an event. */
function placedIn({
  say,
  body,
}: Pick<Said, 'say' | 'body'>):
  | { readonly namespace: string; readonly name: string; readonly node?: string }
  | undefined {
  if (say === 'bind') {
    const { metadata: { namespace = '', name = '' } = {}, target } = body as Binding;
    return { namespace, name, node: target.name };
  }
  if (say !== 'event') return undefined;
  const { reason, involvedObject: { namespace = '', name = '' } = {} } = body as Partial<Event>;
  return reason === 'FailedScheduling' ? { namespace, name } : undefined;
}
