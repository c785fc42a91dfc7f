import { resolve } from 'node:path';
import { inSlices } from '../../../actors/kernel/replay-api.ts';
import { counted } from '../../replay/compare/counted.ts';
import { loadTree } from '../../replay/compare/other-tree.ts';
import { turnsText } from '../../replay/compare/plan-decisions.ts';
import { minimise } from '../../replay/export/minimise.ts';
import { playAndSettle } from '../../replay/play/play.ts';
import { watchedBy } from '../../replay/read/history-kinds.ts';
import { lacksMail, withMail } from '../../replay/read/keep-mail.ts';
import { writeRecordingFile } from '../../replay/read/recording-file.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { parseSpan } from '../shared/parse-span.ts';
import { FAILURE, UNPLAYABLE } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { codeOf, openNamed, startedName } from './parts.ts';
import { unplayedText } from './play.ts';
import { divergenceText } from './render.ts';
import type { ReplayOptions } from './options.ts';

export interface MinimiseCommandOptions extends ReplayOptions {
  /** Another built tree: the code that was recorded. */
  readonly old?: string;
  readonly within?: string;
}

const WITHIN = '60s';

/**
 * `troupe replay minimise`: the smallest recording found in which today's code still acts differently as in the whole,
 * written to a file. Secrets in it stay sealed. Exit code 1 when nothing differs.
 */
export async function minimiseCommand(
  what: string,
  options: MinimiseCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { output } = options;
  if (output === undefined) throw new UsageError(`say where to: troupe replay minimise ${what} -o small.troupe`);
  if (output === '-') throw new UsageError(`standard output is told what was found; give a file: -o small.troupe`);
  if (resolve(output) === resolve(what))
    throw new UsageError(`-o is the recording itself, which would be lost; give another file: -o small.troupe`);
  const until = performance.now() + parseSpan('--within', options.within ?? WITHIN);
  const tree = options.old === undefined ? undefined : await loadTree(options.old);
  const { key: _key, ...keyless } = options; // what is written must not be open
  const source = await openNamed(what, keyless, terminal, { sealed: true });
  let turns = 0;
  let notPlayed = '';
  for (const recorded of source.playables) {
    const playable = lacksMail(recorded)
      ? { ...recorded, turns: withMail(recorded, await source.all()) } // the file will hold this one alone
      : recorded;
    const definition = codeOf(playable);
    const goesOn = (): boolean => performance.now() < until && !terminal.signal.aborted;
    const found = await inSlices(
      minimise(playable, definition, {
        goesOn,
        ...(tree === undefined ? {} : { old: (candidate) => tree.version(candidate) }),
      }),
    );
    if (found === undefined) {
      const played = await playAndSettle(playable, definition);
      const { divergence } = played;
      if (divergence === undefined) {
        turns += played.turns;
        notPlayed += unplayedText({ ...played, name: startedName(recorded, source.playables) });
        continue;
      }
      terminal.tell(`${divergence.finding}; that is after its turns, so it is of none of them alone: play the whole`);
      throw new Exit(FAILURE);
    }
    const name = startedName(recorded, source.playables);
    const { incarnation, turns: kept, history } = found.playable;
    const size = writeRecordingFile(output, {
      prefix: incarnation.self.prefix,
      recordings: [{ incarnation, turns: kept }],
      history,
      kinds: watchedBy({ incarnation }),
    });
    terminal.out(
      `${name}: ${counted(playable.turns.length, 'turn')} became ${kept.length}, ${counted(size, 'byte')}, in ${counted(found.tries, 'try', 'tries')}${found.outOfTime ? whyEnded(terminal) : ''}\n\n`,
    );
    terminal.out(divergenceText(found.divergence, [], terminal.paint, ''));
    terminal.out(`\nplay it: troupe replay ${output}\n`);
    tellUnplayed(notPlayed + unplayedText({ name, unplayed: found.unplayed }), terminal);
    return;
  }
  tellUnplayed(notPlayed, terminal);
  const among = notPlayed === '' ? what : `the ${turnsText(turns)} of ${what} that could be played`;
  terminal.tell(`nothing differs in ${among}, so there is nothing to make smaller`);
  throw new Exit(turns === 0 && notPlayed !== '' ? UNPLAYABLE : FAILURE);
}

const whyEnded = ({ signal }: Terminal): string =>
  signal.aborted ? ' (interrupted; perhaps there is a smaller one)' : ' (no more time; --within gives it more)';

/** What differs there nobody knows. */
function tellUnplayed(text: string, terminal: Terminal): void {
  for (const line of text.split('\n')) if (line !== '') terminal.tell(line);
}
