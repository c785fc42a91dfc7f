import { parseArgs } from 'node:util';
import { maskSecrets } from '../../replay/play/mask-secrets.ts';
import { type Breakpoint, isPattern, RECORDS } from '../../replay/play/plan-breakpoint.ts';
import { valuesOf } from '../../replay/play/plan-watch.ts';
import type { ReplaySession } from '../../replay/play/session.ts';
import { SCOPE } from '../../replay/play/stops.ts';
import { indexOfTurn } from '../../replay/read/playable.ts';
import { resourceTargets } from '../objects/resources.ts';
import { UsageError } from '../shared/errors.ts';
import type { ShellCommand, ShellContext } from './shell-command.ts';
import { lineOf } from './turn-line.ts';

/** The commands that define where a run stops. */
export const STOPS: readonly ShellCommand[] = [
  {
    name: 'break',
    args: '<conditions>',
    takesMany: true,
    help: 'stop a run where all of them hold (see below)',
    run: ({ session, stops }, args) =>
      `breakpoint ${explained(() => stops.addBreakpoint(breakpointOf(args, session)))}\n`,
    complete: () => ['--subject', '--kind', '--when', '--turn'],
  },
  {
    name: 'watch',
    args: '<cell[.path]>',
    help: 'stop a run when a value changes; * = any',
    run: watch,
    complete: ({ session }) => Object.keys(session.cells()),
  },
  {
    name: 'delete',
    args: '<number>',
    help: 'remove a breakpoint or a watch',
    run: ({ stops }, [id = '']) => {
      if (id === '') throw new UsageError('delete needs a number; "list breaks" shows the breakpoints and watches');
      if (stops.remove(Number(id))) return '';
      throw new UsageError(`there is no breakpoint or watch ${id}; "list breaks" shows them`);
    },
    complete: ({ stops }) => stops.list().map(({ id }) => String(id)),
  },
  {
    name: 'list',
    alias: 'l',
    args: '[breaks|n]',
    help: 'breakpoints and watches; or n turns around',
    run: list,
    complete: () => ['breaks'],
  },
];

function watch({ session, stops }: ShellContext, [path]: readonly string[]): string {
  if (path === undefined)
    throw new UsageError('watch needs a cell, optionally with a path into it; "cells" shows them');
  const now = valuesOf(path, Object.entries(session.cells()));
  const shown =
    Object.keys(now).length === 0 ? 'no value now; a run stops when there is one' : JSON.stringify(maskSecrets(now));
  return `watch ${stops.addWatch(path)}: ${shown}\n`;
}

function list(context: ShellContext, [what]: readonly string[]): string {
  if (what !== undefined && /^\d+$/.test(what)) return around(context, Number(what));
  if (what !== undefined && what !== 'breaks')
    throw new UsageError(`list takes breaks, or a number of turns, not "${what}"`);
  const all = context.stops.list();
  return all.length === 0 ? 'no breakpoints and no watches\n' : all.map(({ id, text }) => `${id}  ${text}\n`).join('');
}

/** The turns around this one, as they were recorded. */
function around({ session: { turns, position, divergences } }: ShellContext, count: number): string {
  const from = Math.max(0, position - count);
  return turns
    .slice(from, position + count + 1)
    .map((turn, at) => `${from + at === position ? '>' : ' '} ${lineOf(turn, divergences.has(from + at))}\n`)
    .join('');
}

function explained(add: () => number): number {
  try {
    return add();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { message } = error as Error;
    const unquoted = message.endsWith(' is not defined')
      ? ', and one with quotes in it must be quoted as a whole: \'rec.t === "call"\''
      : '';
    throw new UsageError(`${message}; an expression may use ${SCOPE.join(', ')}${unquoted}`);
  }
}

const CONDITIONS = 'it takes --subject "troupe.api.>", --kind pods, --turn 1204, --when "said.length > 1"';

/** The finding in Node's message about options. */
const findingOf = (error: unknown): string =>
  (error as Error).message
    .split(/\.(?: |$)/, 1)
    .join('')
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase())
    .replaceAll("'", '"');

function breakpointOf(args: readonly string[], { turns }: ReplaySession): Breakpoint {
  const text = { type: 'string', multiple: true } as const;
  let given: { subject?: string[]; kind?: string[]; when?: string[]; turn?: string[] };
  try {
    ({ values: given } = parseArgs({
      args: [...args],
      options: { subject: text, kind: text, when: text, turn: text },
    }));
  } catch (error) {
    throw new UsageError(`break: ${findingOf(error)}; ${CONDITIONS}`);
  }
  for (const [name, several = []] of Object.entries(given))
    if (several.length > 1)
      throw new UsageError(
        `break takes --${name} once, because all conditions must hold; for alternatives, set two breakpoints`,
      );
  const values: { subject?: string; kind?: string; when?: string; turn?: string } = Object.fromEntries(
    Object.entries(given).map(([name, [value]]) => [name, value]),
  );
  const { turn, kind, ...rest } = values;
  if (Object.keys(values).length === 0) throw new UsageError(`break needs a condition: ${CONDITIONS}`);
  if (turn !== undefined && !/^\d+$/.test(turn))
    throw new UsageError(`break: --turn is "${turn}"; give the number of a turn`);
  // A turn that does not exist would never stop a run.
  if (turn !== undefined && turns[indexOfTurn(turns, Number(turn))]?.n !== Number(turn))
    throw new UsageError(
      `break: there is no turn ${turn}; the recording has turns ${turns[0]?.n ?? 0} to ${turns.at(-1)?.n ?? 0}`,
    );
  if (rest.when?.trim() === '')
    throw new UsageError('break: --when is empty; give an expression, for example "said.length > 1"');
  if (rest.subject === '') throw new UsageError(`break: --subject is empty; give one, for example "troupe.api.>"`);
  if (rest.subject !== undefined && !isPattern(rest.subject))
    throw new UsageError(
      `break: --subject ${rest.subject} matches no subject: give names or * between the dots, and > only at the end, for example "troupe.api.>"`,
    );
  return {
    ...rest,
    ...(kind === undefined ? {} : { kind: kindOf(kind) }),
    ...(turn === undefined ? {} : { turn: Number(turn) }),
  };
}

/** A known kind; an unknown one would never stop a run. */
function kindOf(kind: string): string {
  if (RECORDS.has(kind.toLowerCase())) return kind.toLowerCase();
  try {
    return resourceTargets([kind])[0]?.resource.resource ?? kind;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}; or ${[...RECORDS].join(', ')}`);
  }
}
