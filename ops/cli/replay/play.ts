import type { Level } from '../../../actors/kernel/replay-api.ts';
import { counted } from '../../replay/compare/counted.ts';
import { turnsText } from '../../replay/compare/plan-decisions.ts';
import { chainOf } from '../../replay/explain/chain.ts';
import type { Cause } from '../../replay/explain/plan-causes.ts';
import { definitionOf } from '../../replay/play/definitions.ts';
import { type Played, playAndSettle } from '../../replay/play/play.ts';
import { isInspected, stoppingSession } from '../../replay/play/stopping-session.ts';
import { gapsText } from '../../replay/read/plan-gaps.ts';
import type { Playable } from '../../replay/read/playable.ts';
import { formatTable } from '../objects/plan-table.ts';
import { Exit } from '../shared/errors.ts';
import { toJson } from '../shared/print.ts';
import { FAILURE, UNPLAYABLE } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { plainReport } from './json.ts';
import type { ReplayOptions } from './options.ts';
import { codeOf, commandFor, levelOf, openNamed, partsOf, turnFlags } from './parts.ts';
import { divergenceText, momentText, timeText } from './render.ts';
import { scoresAt } from './scores.ts';

/** Plays recordings against today's code and stops at the first turn that differs. */
export async function playCommand(what: string, options: ReplayOptions, terminal: Terminal): Promise<void> {
  const level = levelOf(options);
  terminal.outlastReader();
  const source = await openNamed(what, options, terminal);
  const played: Played[] = [];
  let causes: readonly Cause[] = [];
  for (const { playable, from, to } of partsOf(source, options)) {
    const definition = codeOf(playable);
    const one = await playAndSettle(playable, definition, { level, from, to });
    played.push(one);
    if (one.divergence === undefined) continue;
    const about = one.divergence.said.find(({ same }) => !same);
    if (isInspected()) stoppingSession(playable, definition, one.session.position, { level });
    causes = await chainOf(one.session, source, definitionOf, (about?.is ?? about?.was)?.subject ?? '');
    break;
  }
  if (options.output === 'json') terminal.out(toJson(played.map((one) => summary(one, causes))));
  else
    print(
      played.map((one) => ({ ...one, verdict: verdictOf(one, level) })),
      causes,
      terminal,
      (playable, turn) =>
        `${commandFor(what, options, source, playable)} ${turnFlags('-i --to', source, playable, turn)}`,
    );
  if (played.some(({ divergence }) => divergence !== undefined)) throw new Exit(FAILURE);
  if (played.every((one) => (level === 'state' ? one.states : one.turns) === 0)) throw new Exit(UNPLAYABLE);
}

function verdictOf({ turns, states }: Played, level: Level): string {
  if (turns === 0) return 'not played';
  if (level !== 'state') return 'same';
  return states > 0 ? `same (${counted(states, 'state')})` : 'nothing to compare: no turn has a recorded state';
}

function print(
  played: readonly (Played & { readonly verdict: string })[],
  causes: readonly Cause[],
  terminal: Terminal,
  commandAt: (playable: Playable, turn: { readonly n: number; readonly now: number }) => string,
): void {
  const rows = played.map((one) => [
    one.name,
    momentText(one.incarnation).slice(0, 19),
    String(one.turns),
    one.divergence === undefined ? sameText(one) : `differs at turn ${one.divergence.turn}`,
  ]);
  terminal.out(formatTable([['RECORDING', 'STARTED', 'SAME TURNS', 'RESULT'], ...rows]));
  const unplayed = played.map(unplayedText).join('');
  if (unplayed !== '') terminal.out(`\n${unplayed}`);
  for (const { divergence, session } of played) {
    if (divergence === undefined) continue;
    terminal.out(
      `\n${divergenceText(divergence, causes, terminal.paint, scoresAt(session, divergence, { changed: true }))}`,
    );
    const { turn: n, now } = divergence;
    terminal.out(`\nstep through it there: ${commandAt(session.playable, { n, now })}\n`);
  }
}

function sameText({ verdict, skipped, gaps: missing }: Played & { readonly verdict: string }): string {
  const gaps = [
    missing.length > 0 ? `turns not recorded: ${gapsText(missing)}` : '',
    skipped > 0 ? `${turnsText(skipped)} could not be played` : '',
  ].filter((text) => text !== '');
  return gaps.length === 0 ? verdict : `${verdict} (${gaps.join('; ')})`;
}

/** Most spans that are listed for one recording; the table has the sums. */
const SPANS_MAX = 10;

/** The turns that were not played, and why; empty when all were. */
export function unplayedText({ name, unplayed }: Pick<Played, 'name' | 'unplayed'>): string {
  const lines = unplayed.slice(0, SPANS_MAX).map(({ from, to, fromMs, toMs, turns, why }) => {
    const which = turns === 1 ? `turn ${from}` : `turns ${from} to ${to}`;
    const span = turns === 1 ? momentText(fromMs) : `${momentText(fromMs)} to ${timeText(toMs)}`;
    return `${name}: ${which} not played (${span}): ${why}\n`;
  });
  const more = unplayed.length - lines.length;
  return `${lines.join('')}${more > 0 ? `${name}: and ${more} more spans; -o json lists them\n` : ''}`;
}

const summary = (
  { name, incarnation, turns, states, skipped, unplayed, dropped, gaps, divergence }: Played,
  causes: readonly Cause[],
): object => ({
  name,
  incarnation,
  turns,
  states,
  skipped,
  unplayed,
  dropped,
  gaps,
  ...(divergence === undefined ? {} : { divergence: { ...plainReport(divergence), causes } }),
});
