import type { Divergence } from '../../../actors/kernel/replay-api.ts';
import type { Cause } from '../../replay/explain/plan-causes.ts';
import type { ReplaySession } from '../../replay/play/session.ts';
import type { Stops } from '../../replay/play/stops.ts';
import { reportWhole, type TurnReport } from '../../replay/play/turn-report.ts';
import type { Painter } from '../shared/colours.ts';
import { cellsText, heardText, saidText, timeText } from './render.ts';
import { lineOf } from './turn-line.ts';

/** What the commands of the interactive player work on. */
export interface ShellContext {
  readonly session: ReplaySession;
  readonly stops: Stops;
  readonly paint: Painter;
  /** Whether the user wants the current run to end. */
  readonly interrupted: () => boolean;
  /** The causes of the current turn. */
  readonly causes: () => Promise<readonly Cause[]>;
}

/** One command, also for help and completion. */
export interface ShellCommand {
  readonly name: string;
  readonly alias?: string;
  /** Its argument: one word, unless it takes many. */
  readonly args?: string;
  readonly takesMany?: boolean;
  readonly help: string;
  /** Whether an empty line repeats it. */
  readonly again?: boolean;
  /** @returns the output. @throws UsageError, StatusError: one line for the user */
  readonly run: (context: ShellContext, args: readonly string[]) => Promise<string> | string;
  /** Completions of its last word. */
  readonly complete?: (context: ShellContext) => readonly string[];
}

/** The current turn: its input, what it says, what it does to the state. */
function turnShown({ session, paint }: ShellContext, report: TurnReport | undefined): string {
  const { frame } = session;
  if (report === undefined || frame === undefined) return 'before the first turn\n';
  if (frame.unplayed !== undefined)
    return `${lineOf(frame.turn, false, false)}\n  it cannot be played: ${frame.unplayed}; playing continues at the next start\n`;
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
 * The current turn, after pending work of the behaviour has run. A violation in it is shown too, though it belongs to the last
 * turn played.
 */
export async function turnSettled(context: ShellContext): Promise<string> {
  const late = await context.session.settle();
  const shown = turnShown(context, await reportWhole(context.session));
  return late === undefined || late === context.session.frame?.divergence
    ? shown
    : `${shown}${breachText(late, context)}`;
}

export const breachText = ({ what }: Divergence, { paint }: ShellContext): string => `${paint('yellow', what)}\n`;
