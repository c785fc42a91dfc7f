import { chainOf } from '../replay/chain.ts';
import { definitionOf } from '../replay/definitions.ts';
import type { Cause } from '../replay/plan-causes.ts';
import { type Played, playUntilDivergence } from '../replay/play.ts';
import { isInspected, stoppingSession } from '../replay/stopping-session.ts';
import type { Playable } from '../replay/playable.ts';
import { Exit } from './errors.ts';
import { formatTable } from './plan-table.ts';
import { toJson } from './print.ts';
import { FAILURE } from './render-error.ts';
import type { ReplayOptions } from './replay.ts';
import { plainReport } from './replay-json.ts';
import { codeOf, commandFor, levelOf, openNamed, partsOf } from './replay-parts.ts';
import { scoresAt } from './replay-scores.ts';
import { divergenceText, momentText } from './replay-render.ts';
import type { Terminal } from './terminal.ts';

/** Plays recordings against today's code and stops at the first turn that goes differently. */
export async function playCommand(what: string, options: ReplayOptions, terminal: Terminal): Promise<void> {
  const level = levelOf(options);
  const source = await openNamed(what, options, terminal);
  const played: Played[] = [];
  let causes: readonly Cause[] = [];
  for (const { playable, from, to } of partsOf(source, options)) {
    const definition = codeOf(playable);
    const one = playUntilDivergence(playable, definition, { level, from, to });
    played.push(one);
    if (one.divergence === undefined) continue;
    const about = one.divergence.said.find(({ same }) => !same);
    if (isInspected()) stoppingSession(playable, definition, one.session.position, { level });
    causes = await chainOf(one.session, source, definitionOf, (about?.is ?? about?.was)?.subject ?? '');
    break;
  }
  if (options.output === 'json') terminal.out(toJson(played.map((one) => summary(one, causes))));
  else print(played, causes, terminal, (playable) => commandFor(what, options, source, playable));
  if (played.some(({ divergence }) => divergence !== undefined)) throw new Exit(FAILURE);
}

function print(
  played: readonly Played[],
  causes: readonly Cause[],
  terminal: Terminal,
  commandOf: (playable: Playable) => string,
): void {
  const rows = played.map((one) => [
    one.name,
    momentText(one.incarnation).slice(0, 19),
    String(one.turns),
    one.divergence === undefined ? sameText(one) : `differs at turn ${one.divergence.turn}`,
  ]);
  terminal.out(formatTable([['RECORDING', 'STARTED', 'SAME TURNS', 'RESULT'], ...rows]));
  for (const { divergence, session } of played) {
    if (divergence === undefined) continue;
    terminal.out(
      `\n${divergenceText(divergence, causes, terminal.paint, scoresAt(session, divergence, { changed: true }))}`,
    );
    terminal.out(`\nlook around there: ${commandOf(session.playable)} -i --to ${divergence.turn}\n`);
  }
}

function sameText({ skipped, why, dropped }: Played): string {
  const gaps = [
    dropped > 0 ? `${dropped} turns were not recorded` : '',
    skipped > 0 ? `${skipped} could not be played: ${why ?? ''}` : '',
  ].filter((text) => text !== '');
  return gaps.length === 0 ? 'same' : `same (${gaps.join('; ')})`;
}

const summary = (
  { name, incarnation, turns, skipped, why, dropped, divergence }: Played,
  causes: readonly Cause[],
): object => ({
  name,
  incarnation,
  turns,
  skipped,
  ...(why === undefined ? {} : { why }),
  dropped,
  ...(divergence === undefined ? {} : { divergence: { ...plainReport(divergence), causes } }),
});
