import type { NodeScore, PlacementTable } from '../../actors/scheduler/explain-placement.ts';
import { formatTable } from './plan-table.ts';
import type { ReplaySession } from '../replay/session.ts';
import { reportTurn } from '../replay/turn-report.ts';
import { placementsAt } from '../replay/version.ts';
import { podOf, targetOf } from './replay-binding.ts';
import { indent } from './replay-render.ts';

/** What two versions of the scheduler thought of the nodes for one pod; either may be unknown. */
export interface Scores {
  readonly was?: PlacementTable | undefined;
  readonly is?: PlacementTable | undefined;
  /** The node chosen then, where it is known without a table. */
  readonly chosenThen?: string | undefined;
}

/** The scores of every placement of the turn at which a session stands, those of today's code. */
export function scoresAt(session: ReplaySession): string {
  const said = reportTurn(session)?.said ?? [];
  return placementsAt(session)
    .map((table) => {
      const was = said.find(
        ({ is }) => is?.say === 'bind' && podOf(is.body) === `${table.namespace}/${table.pod}`,
      )?.was;
      return scoresText({ is: table, chosenThen: targetOf(was?.body) }, '  ');
    })
    .join('');
}

/** Nodes shown besides those that were chosen. */
const NODES_MAX = 8;

/** One table: where both versions are known, `80.2 -> 98.4`; the nodes chosen are marked. */
export function scoresText({ was, is, chosenThen = was?.chosen }: Scores, by: string): string {
  const table = is ?? was;
  if (table === undefined) return '';
  const before = new Map(was?.nodes.map((node) => [node.node, node]));
  const after = new Map(is?.nodes.map((node) => [node.node, node]));
  const names = [...new Set([...(is?.nodes ?? []), ...(was?.nodes ?? [])].map(({ node }) => node))];
  const fits = names.filter((name) => !isRefused(before.get(name)) || !isRefused(after.get(name)));
  const chosen = [chosenThen, is?.chosen];
  const shown = [...new Set([...fits.slice(0, NODES_MAX), ...fits.filter((name) => chosen.includes(name))])];
  const columns = [...new Set([...table.nodes, ...(was?.nodes ?? [])].flatMap(({ points }) => Object.keys(points)))];
  const both = was !== undefined && is !== undefined;
  const cell = (name: string, of: (node: NodeScore) => number | undefined): string => {
    const values = (both ? [before.get(name), after.get(name)] : [(is === undefined ? before : after).get(name)]).map(
      (node) => (node === undefined || isRefused(node) ? '-' : pointsText(of(node) ?? 0)),
    );
    return values[0] === values[1] || !both ? (values[0] ?? '') : values.join(' -> ');
  };
  const rows = shown.map((name) => [
    name,
    ...columns.map((column) => cell(name, ({ points }) => points[column])),
    cell(name, ({ total }) => total),
    [...(name === chosenThen ? ['then'] : []), ...(name === is?.chosen ? ['now'] : [])].join(', '),
  ]);
  const heading = ['NODE', ...columns.map((column) => column.toUpperCase()), 'TOTAL', 'CHOSEN'];
  const rest = [
    fits.length > shown.length ? `and ${fits.length - shown.length} nodes with fewer points\n` : '',
    ...refusals(table).map(([reason, count]) => `${count} not: ${reason}\n`),
  ].join('');
  const note =
    both || chosenThen === undefined || chosenThen === is?.chosen ? '' : ' (of then the choice alone is known)';
  return indent(
    `scores of the nodes for ${table.namespace}/${table.pod}${note}\n${formatTable([heading, ...rows])}${rest}`,
    by,
  );
}

const isRefused = (node: NodeScore | undefined): boolean => node === undefined || node.refused !== undefined;
const pointsText = (points: number): string => points.toFixed(2);

/** Why nodes will not do, and how many, the most frequent first. */
function refusals({ nodes }: PlacementTable): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { refused } of nodes)
    if (refused !== undefined) counts.set(refused.join(', '), (counts.get(refused.join(', ')) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}
