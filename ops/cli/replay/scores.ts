import type { NodeScore, PlacementTable } from '../../../actors/kernel/replay-api.ts';
import { counted } from '../../replay/compare/counted.ts';
import { bindingOf, placementsAt, recordedPlacement } from '../../replay/compare/placements.ts';
import type { ReplaySession } from '../../replay/play/session.ts';
import type { TurnReport } from '../../replay/play/turn-report.ts';
import { formatTable } from '../objects/plan-table.ts';
import { indent, type Sides, THEN_AND_NOW } from './render.ts';

/** How two versions of the scheduler scored the nodes for one pod; either may be unknown. */
export interface Scores {
  readonly was?: PlacementTable | undefined;
  readonly is?: PlacementTable | undefined;
  /** The node chosen then, if it is known without a table. */
  readonly chosenThen?: string | undefined;
  /** Whether the node does not exist now; `minimise` drops nodes. */
  readonly isGone?: (node: string) => boolean;
}

/**
 * The scores of the placements of a turn, by today's code and as recorded.
 * @param changed only placements that differ
 */
export function scoresAt(
  session: ReplaySession,
  { actor, said }: TurnReport,
  { changed }: { readonly changed: boolean },
): string {
  const tables = placementsAt(session);
  const binds = said.filter(({ was, is }) => (bindingOf(actor, is) ?? bindingOf(actor, was)) !== undefined);
  const isGone = (node: string): boolean => session.view().get('nodes', undefined, node) === undefined;
  const placed = (changed ? binds.filter(({ same }) => !same) : binds).map(({ was, is }): Scores => {
    const { metadata: { namespace, name } = {} } = bindingOf(actor, is) ?? bindingOf(actor, was) ?? {};
    return {
      was: recordedPlacement(actor, was),
      is: tables.find((table) => table.pod === name && table.namespace === namespace),
      chosenThen: bindingOf(actor, was)?.target?.name,
      isGone,
    };
  });
  const refused = changed ? [] : tables.filter(({ chosen }) => chosen === undefined).map((is): Scores => ({ is }));
  return [...placed, ...refused].map((scores) => scoresText(scores, '  ')).join('');
}

/** Most nodes that are shown besides the chosen ones. */
const NODES_MAX = 8;

/** One table; values that differ are shown as `80.2 -> 98.4`, and the chosen nodes are marked. */
export function scoresText(
  { was, is, chosenThen = was?.chosen, isGone }: Scores,
  by: string,
  sides: Sides = THEN_AND_NOW,
): string {
  const table = is ?? was;
  if (table === undefined) return '';
  const before = new Map(was?.nodes.map((node) => [node.node, node]));
  const after = new Map(is?.nodes.map((node) => [node.node, node]));
  const names = [...new Set([...(is?.nodes ?? []), ...(was?.nodes ?? [])].map(({ node }) => node))];
  const fits = names.filter((name) => !isRefused(before.get(name)) || !isRefused(after.get(name)));
  const chosen = [chosenThen, is?.chosen];
  const shown = [...new Set([...fits.slice(0, NODES_MAX), ...fits.filter((name) => chosen.includes(name))])];
  const columns = [...new Set([...table.nodes, ...(was?.nodes ?? [])].flatMap(({ points }) => Object.keys(points)))];
  const cell = (name: string, of: (node: NodeScore) => number, unseen: string): string => {
    const values = [
      ...(was === undefined ? [] : [before.get(name) ?? (was.unseen === undefined ? '-' : unseen)]),
      ...(is === undefined ? [] : [after.get(name) ?? (isGone?.(name) === true ? 'gone' : '-')]),
    ].map((node) => (typeof node === 'string' ? node : isRefused(node) ? '-' : pointsText(of(node))));
    return [...new Set(values)].join(' -> ');
  };
  const most = `<= ${pointsText(totalOf(was?.nodes.at(-1)))}`;
  const rows = shown.map((name) => [
    name,
    ...columns.map((column) => cell(name, ({ points }) => points[column] ?? 0, '?')),
    cell(name, totalOf, most),
    [...(name === chosenThen ? [sides.was] : []), ...(name === is?.chosen ? [sides.is] : [])].join(', '),
  ]);
  const heading = ['NODE', ...columns.map((column) => column.toUpperCase()), 'TOTAL', 'CHOSEN'];
  const rest = [
    fits.length > shown.length ? `and ${counted(fits.length - shown.length, 'node')} with fewer points\n` : '',
    ...refusals(table).map(([reason, count]) => `${count} unsuitable: ${reason}\n`),
  ].join('');
  const bare = was === undefined && chosenThen !== undefined && chosenThen !== is?.chosen;
  const note = bare ? ` (${sides.was}: only the choice is known)` : '';
  return indent(
    `scores of the nodes for ${table.namespace}/${table.pod}${note}\n${formatTable([heading, ...rows])}${rest}`,
    by,
  );
}

const isRefused = (node: NodeScore | undefined): boolean => node === undefined || node.refused !== undefined;
/** Rounds as recordings do, so that recorded and computed points can be compared. */
const rounded = (points: number): number => Math.round(points * 100) / 100;
const pointsText = (points: number): string => rounded(points).toFixed(2);
const totalOf = (node: NodeScore | undefined): number =>
  Object.values(node?.points ?? {}).reduce((sum, points) => sum + rounded(points), 0);

/** Why nodes are unsuitable, and how many, the most frequent first. */
function refusals({ nodes }: PlacementTable): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { refused } of nodes)
    if (refused !== undefined) counts.set(refused.join(', '), (counts.get(refused.join(', ')) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}
