import { chainOf } from '../../replay/explain/chain.ts';
import { definitionOf } from '../../replay/play/definitions.ts';
import { stoppingSession } from '../../replay/play/stopping-session.ts';
import { reportWhole } from '../../replay/play/turn-report.ts';
import type { Playable } from '../../replay/read/playable.ts';
import { Exit } from '../shared/errors.ts';
import { toJson } from '../shared/print.ts';
import { FAILURE, UNPLAYABLE } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { plainReport } from './json.ts';
import type { ReplayOptions } from './options.ts';
import { chosenText, codeOf, indexOfTyped, levelOf, openNamed, startsMeant, typedTurn } from './parts.ts';
import { turnText } from './render.ts';
import { scoresAt } from './scores.ts';

/**
 * `troupe replay --turn`: shows one turn in full: its input, what was said then and now, and its causes. A debugger stops
 * inside it. Exit code 1: it differs; 3: it cannot be played.
 */
export async function turnCommand(what: string, options: ReplayOptions, terminal: Terminal): Promise<void> {
  const n = typedTurn(options.turn);
  const source = await openNamed(what, options, terminal);
  const meant = startsMeant(source, options);
  const playable = meant.at(-1) as Playable;
  if (meant.length > 1) terminal.tell(chosenText(what, meant, playable, '--actor and --instance'));
  const index = indexOfTyped(playable, n, source.playables);
  const session = stoppingSession(playable, codeOf(playable), index, { level: levelOf(options) });
  await session.settle();
  const report = await reportWhole(session);
  if (report === undefined) return;
  const causes = await chainOf(session, source, definitionOf, report.said[0]?.is?.subject ?? '');
  const unplayed = session.frame?.unplayed;
  if (options.output === 'json')
    terminal.out(toJson({ ...plainReport(report), ...(unplayed === undefined ? {} : { unplayed }), causes }));
  else terminal.out(turnText(report, causes, unplayed, terminal.paint, scoresAt(session, report, { changed: false })));
  if (report.finding !== undefined) throw new Exit(FAILURE);
  if (unplayed !== undefined) throw new Exit(UNPLAYABLE);
}
