import type { Divergence } from '../../../actors/kernel/replay-api.ts';
import type { Cause } from '../../replay/explain/plan-causes.ts';
import type { ReplaySession } from '../../replay/play/session.ts';
import type { Stops } from '../../replay/play/stops.ts';
import { reportWhole, type TurnReport } from '../../replay/play/turn-report.ts';
import type { Painter } from '../shared/style.ts';
import { cellsText, heardText, saidText, timeText } from './render.ts';
import { lineOf } from './turn-line.ts';

/** What the commands of the interactive player have to do with. */
export interface ShellContext {
  readonly session: ReplaySession;
  readonly stops: Stops;
  readonly paint: Painter;
  /** Does whoever typed want what is running to end? */
  readonly interrupted: () => boolean;
  /** Why the turn at which the session stands came about. */
  readonly causes: () => Promise<readonly Cause[]>;
}

/** One command as data: help and completion come from it. */
export interface ShellCommand {
  readonly name: string;
  readonly alias?: string;
  /** What it takes: one word, unless it takes many. */
  readonly args?: string;
  readonly takesMany?: boolean;
  readonly help: string;
  /** An empty line does it again. */
  readonly again?: boolean;
  /** @returns what is shown. @throws UsageError, StatusError: one line for whoever typed it */
  readonly run: (context: ShellContext, args: readonly string[]) => Promise<string> | string;
  /** What may stand as its last word. */
  readonly complete?: (context: ShellContext) => readonly string[];
}

/** The turn at which the session stands: what came in, what is said, what it does to the state. */
function turnShown({ session, paint }: ShellContext, report: TurnReport | undefined): string {
  const { frame } = session;
  if (report === undefined || frame === undefined) return 'before the first turn\n';
  if (frame.unplayed !== undefined)
    return `${lineOf(frame.turn, false, false)}\n  it cannot be played: ${frame.unplayed}; the next start tells everything anew\n`;
  const cells = cellsText(report.cells, paint);
  return [
    `${paint('bold', `turn ${report.turn}`)}  ${timeText(report.now)}  ${heardText(report.heard, paint, { body: false })}`,
    report.finding === undefined ? '' : `  ${paint('yellow', report.finding)}\n`,
    report.said.length === 0 ? '' : `  says\n${saidText(report.said, paint, false)}`,
    cells === '' ? '' : `  cells\n${cells}`,
    ...report.reports.map((line) => `  ${paint('red', line)}\n`),
  ].join('');
}

/**
 * The turn at which the session stands, once what the behaviour left behind has had its chance: what it does then that it must not is named, though it
 * may be of another turn, that played last.
 */
export async function turnSettled(context: ShellContext): Promise<string> {
  const late = await context.session.settle();
  const shown = turnShown(context, await reportWhole(context.session));
  return late === undefined || late === context.session.frame?.divergence
    ? shown
    : `${shown}${breachText(late, context)}`;
}

export const breachText = ({ what }: Divergence, { paint }: ShellContext): string => `${paint('yellow', what)}\n`;
