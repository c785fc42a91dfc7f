import { kindsIn } from '../../../contracts/kinds/registry.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { isSealed } from '../../../contracts/store/sealed.ts';
import { counted } from '../../replay/compare/counted.ts';
import { turnsText } from '../../replay/compare/plan-decisions.ts';
import { maskSecrets } from '../../replay/play/mask-secrets.ts';
import { cellsAbout, objectsInCells } from '../../replay/play/objects-in-cells.ts';
import { valuesOf } from '../../replay/play/plan-watch.ts';
import type { ReplaySession } from '../../replay/play/session.ts';
import { reportTurn, type TurnReport } from '../../replay/play/turn-report.ts';
import type { ResourceInfo } from '../objects/plan-resource-arguments.ts';
import { formatTable, planTable } from '../objects/plan-table.ts';
import { columnsOf, isResource, resourceTargets } from '../objects/resources.ts';
import { UsageError } from '../shared/errors.ts';
import { causesText, heardText, momentText, saidText, timeText, yamlText } from './render.ts';
import { scoresAt } from './scores.ts';
import { type ShellCommand, type ShellContext } from './shell-command.ts';

const BEGINNING = 'before the first turn\n';

/** The commands that show the current turn. */
export const LOOKS: readonly ShellCommand[] = [
  {
    name: 'input',
    alias: 'i',
    help: 'the input, in full',
    run: (context) => ofTurn(context, ({ heard }) => heardText(heard, context.paint, { body: true })),
  },
  {
    name: 'said',
    alias: 'o',
    help: 'what is said, then and now, in full',
    run: (context) => ofTurn(context, ({ said }) => saidText(said, context.paint, true)),
  },
  {
    name: 'cells',
    alias: 'c',
    args: '[cell]',
    help: "the actor's state at this turn; * = any",
    run: cells,
    complete: ({ session }) => Object.keys(session.cells()),
  },
  {
    name: 'view',
    alias: 'v',
    args: '<kind[/name]>',
    help: 'what it saw at this turn: pods, pod/default/web-1',
    run: view,
    complete: namesInView,
  },
  {
    name: 'why',
    alias: 'y',
    help: 'the chain of causes that led here',
    run: async ({ session, causes }) => (session.frame === undefined ? BEGINNING : causesText(await causes())),
  },
  {
    name: 'scores',
    help: 'how a scheduler scores the nodes for its pods',
    run: (context) =>
      unknownText(context, 'no score') ??
      (ofTurn(context, (report) => scoresAt(context.session, report, { changed: false })) ||
        'no pod is placed in this turn\n'),
  },
  { name: 'where', alias: 'w', help: 'the turn, what it waits for, what differed', run: where },
];

function ofTurn({ session }: ShellContext, shown: (report: TurnReport) => string): string {
  const report = reportTurn(session);
  return report === undefined ? BEGINNING : shown(report);
}

/** The text for a turn that was not played. */
function unknownText({ session: { frame } }: ShellContext, what: string): string | undefined {
  if (frame?.unplayed === undefined) return undefined;
  return `${what} is known: turn ${frame.turn.n} was not played (${frame.unplayed})\n`;
}

function cells(context: ShellContext, [path]: readonly string[]): string {
  const unknown = unknownText(context, 'no state');
  if (unknown !== undefined) return unknown;
  const all = context.session.cells();
  const shown = path === undefined ? all : valuesOf(path, Object.entries(all));
  if (Object.keys(shown).length > 0) return yamlText(maskSecrets(shown));
  return path === undefined ? 'all cells are empty\n' : `there is no cell ${path}\n`;
}

function view(context: ShellContext, [what]: readonly string[]): string {
  const { session } = context;
  if (what === undefined) throw new UsageError('view what? a kind (pods) or an object (pods/default/web-1, node/n1)');
  const [kind = '', ...rest] = what.split('/');
  if (session.frame === undefined) return BEGINNING;
  const resource = resourceTargets([kind], kindsIn(session.view()))[0]?.resource;
  if (resource === undefined) return '';
  if (session.revision === 0) return viewInCells(context, resource, rest);
  const objects = session.view().list(resource.resource);
  const unknown = objects.length === 0 ? notCoveredText(session, resource) : undefined;
  if (unknown !== undefined) return unknown;
  if (rest.length === 0) {
    if (objects.length === 0) return `there are no ${resource.plural} at revision ${session.revision}\n`;
    const options = { namespaces: resource.namespaced };
    const [header = [], ...rows] = planTable(columnsOf(resource), objects, session.frame?.turn.now ?? 0, options);
    const held = header.indexOf('DATA');
    const shown = rows.map((row, at) => (isSealed(objects[at] as KubeObject) ? row.with(held, '?') : row));
    return formatTable([header, ...shown]);
  }
  const [name = '', namespace] = [...rest].reverse();
  const found = findObject(objects, name, namespace);
  if (found !== undefined) return yamlText(maskSecrets(found));
  throw new UsageError(
    `there is no ${what} at revision ${session.revision}; "view ${resource.plural}" shows what there is`,
  );
}

/** The view of an actor that does not see the store but receives objects in messages, as a kubelet does. */
function viewInCells(context: ShellContext, resource: ResourceInfo, path: readonly string[]): string {
  const unknown = unknownText(context, 'no state');
  if (unknown !== undefined) return unknown;
  const cells = context.session.cells();
  const held = objectsInCells(cells, resource.kind);
  if (held.length === 0)
    return `the actor does not see the store here, and its cells hold no ${resource.plural}; "cells" shows them\n`;
  if (path.length === 0) {
    const rows = held.map(({ object: { metadata }, cell }) => [metadata?.namespace ?? '', metadata?.name ?? '', cell]);
    return `the actor does not see the store here; these are the objects in its cells\n${formatTable([['NAMESPACE', 'NAME', 'CELL'], ...rows])}`;
  }
  const [name = '', namespace] = [...path].reverse();
  const objects = held.map(({ object }) => object);
  const found = held[objects.indexOf(findObject(objects, name, namespace) as KubeObject)];
  if (found !== undefined) return yamlText(maskSecrets(cellsAbout(cells, found)));
  throw new UsageError(
    `no cell holds a ${resource.singular} ${path.join('/')} here; "view ${resource.plural}" shows which there are`,
  );
}

/** Why it is unknown whether there are objects of a kind. */
function notCoveredText({ playable }: ReplaySession, { resource, plural }: ResourceInfo): string | undefined {
  if (resource === 'events')
    return 'events have no history, so none can be shown; "break --kind events" finds the turns that send one\n';
  const held = playable.kinds ?? 'all';
  if (held === 'all' || held.has(resource)) return undefined;
  const watched = [...held].filter((one) => isResource(one)).sort();
  return `the history in this file has only what its actors watch (${watched.join(', ')}), so it is unknown whether there were ${plural}; play the home, or an export of all actors\n`;
}

/** @param namespace absent: any namespace, `default` first */
function findObject(
  objects: readonly KubeObject[],
  name: string,
  namespace: string | undefined,
): KubeObject | undefined {
  const named = objects.filter(
    ({ metadata }) => metadata?.name === name && (namespace === undefined || metadata.namespace === namespace),
  );
  return named.find(({ metadata }) => metadata?.namespace === 'default') ?? named[0];
}

function namesInView({ session }: ShellContext): readonly string[] {
  return [...session.view().entries()].map(({ key, object }) => {
    const [resource = ''] = key.split('.');
    const { namespace, name = '' } = object.metadata ?? {};
    return `${resource}/${namespace === undefined ? '' : `${namespace}/`}${name}`;
  });
}

/** Most entries that are listed. */
const LISTED_MAX = 20;

function where({ session }: ShellContext): string {
  const { frame, playable, divergences, turns } = session;
  const { incarnation, node, build } = playable.incarnation;
  const differed = [...divergences.values()].map(({ turn }) => turn).sort((a, b) => a - b);
  const lines = [
    [
      'turn',
      `${frame?.turn.n ?? 0} of ${turns.at(-1)?.n ?? 0}${frame === undefined ? '' : `, ${momentText(frame.turn.now)}`}`,
    ],
    ['view', `revision ${session.revision}, ${counted(session.view().size, 'object')}`],
    ['recorded', `${momentText(incarnation)}, Node ${node}${build === '' ? '' : `, build ${build}`}`],
    ...atMost(
      frame?.asks ?? [],
      'awaits',
      ({ id, say, subject, turn }) => `ask ${id}: ${say} ${subject}, asked in turn ${turn}`,
    ),
    ...atMost(frame?.timers ?? [], 'timer', ({ due, turn }) => `${timeText(due)}, set in turn ${turn}`),
    ['differed', numbersText(differed)],
    ...atMost(session.tried.unplayed, 'not played', ({ why, turns: count }) => `${turnsText(count)}: ${why}`),
  ];
  return lines.map(([name = '', text = '']) => `${name.padEnd(11)}${text}\n`).join('');
}

function numbersText(turns: readonly number[]): string {
  if (turns.length === 0) return 'nothing so far';
  const more = turns.length - LISTED_MAX;
  return `${turns.slice(0, LISTED_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function atMost<T>(all: readonly T[], name: string, textOf: (one: T) => string): (readonly string[])[] {
  const more = all.length - LISTED_MAX;
  return [
    ...all.slice(0, LISTED_MAX).map((one) => [name, textOf(one)]),
    ...(more > 0 ? [[name, `… and ${more} more`]] : []),
  ];
}
