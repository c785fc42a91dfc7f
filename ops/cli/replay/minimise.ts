import { resolve } from 'node:path';
import { inSlices } from '../../../actors/kernel/replay-api.ts';
import { counted } from '../../replay/compare/counted.ts';
import { loadTree } from '../../replay/compare/other-tree.ts';
import { turnsText } from '../../replay/compare/plan-decisions.ts';
import { type Minimised, minimise } from '../../replay/export/minimise.ts';
import { playAndSettle } from '../../replay/play/play.ts';
import { watchedBy } from '../../replay/read/history-kinds.ts';
import { lacksPodMessages, withPodMessages } from '../../replay/read/keep-pod-messages.ts';
import { writeRecordingFile } from '../../replay/read/recording-file.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { parseSpan } from '../shared/parse-span.ts';
import { FAILURE, UNPLAYABLE } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import type { ReplayOptions } from './options.ts';
import { codeOf, openNamed, startedName } from './parts.ts';
import { unplayedText } from './play.ts';
import { divergenceText } from './render.ts';

export interface MinimiseCommandOptions extends ReplayOptions {
  /** Another built tree, with the code that was recorded. */
  readonly old?: string;
  readonly within?: string;
}

const WITHIN = '60s';

/**
 * `troupe replay minimise`: searches for the smallest recording in which today's code differs as in the whole one, and writes
 * it to a file. Secrets in it stay sealed. Exit code 1 when nothing differs.
 */
export async function minimiseCommand(
  what: string,
  options: MinimiseCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const output = outputOf(what, options);
  const until = performance.now() + parseSpan('--within', options.within ?? WITHIN);
  const tree = options.old === undefined ? undefined : await loadTree(options.old);
  const { key: _key, ...keyless } = options; // secrets in the result must stay sealed
  const source = await openNamed(what, keyless, terminal, { sealed: true });
  let turns = 0;
  let notPlayed = '';
  for (const recorded of source.playables) {
    const playable = lacksPodMessages(recorded)
      ? { ...recorded, turns: withPodMessages(recorded, await source.all()) } // the file will have no other recording to look bodies up in
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
      terminal.tell(
        `${divergence.finding}; it happened between turns and belongs to no single turn, so the recording cannot be made smaller`,
      );
      throw new Exit(FAILURE);
    }
    const name = startedName(recorded, source.playables);
    writeFound(output, found, { name, turns: playable.turns.length }, terminal);
    tellUnplayed(notPlayed + unplayedText({ name, unplayed: found.unplayed }), terminal);
    return;
  }
  tellUnplayed(notPlayed, terminal);
  const among = notPlayed === '' ? what : `the ${turnsText(turns)} of ${what} that could be played`;
  terminal.tell(`nothing differs in ${among}, so there is nothing to make smaller`);
  throw new Exit(turns === 0 && notPlayed !== '' ? UNPLAYABLE : FAILURE);
}

/** The file to write. @throws UsageError */
function outputOf(what: string, { output }: ReplayOptions): string {
  if (output === undefined) throw new UsageError(`-o is required: troupe replay minimise ${what} -o small.troupe`);
  if (output === '-') throw new UsageError(`standard output is used for the result; give a file: -o small.troupe`);
  if (resolve(output) === resolve(what))
    throw new UsageError(`-o is the recording itself, which would be overwritten; give another file: -o small.troupe`);
  return output;
}

/** Writes the smaller recording and shows how it differs. @param whole name and size of the recording that it is a part of */
function writeFound(
  output: string,
  { playable: { incarnation, turns: kept, history }, divergence, tries, outOfTime }: Minimised,
  whole: { readonly name: string; readonly turns: number },
  terminal: Terminal,
): void {
  const size = writeRecordingFile(output, {
    prefix: incarnation.self.prefix,
    recordings: [{ incarnation, turns: kept }],
    history,
    kinds: watchedBy({ incarnation }),
  });
  terminal.out(
    `${whole.name}: ${counted(whole.turns, 'turn')} reduced to ${kept.length}, ${counted(size, 'byte')}, in ${counted(tries, 'try', 'tries')}${outOfTime ? whyEnded(terminal) : ''}\n\n`,
  );
  terminal.out(divergenceText(divergence, [], terminal.paint, ''));
  terminal.out(`\nplay it: troupe replay ${output}\n`);
}

const whyEnded = ({ signal }: Terminal): string =>
  signal.aborted ? ' (interrupted; a smaller one may exist)' : ' (time is up; --within gives it more)';

/** Reports the turns that were not played, which may differ. */
function tellUnplayed(text: string, terminal: Terminal): void {
  for (const line of text.split('\n')) if (line !== '') terminal.tell(line);
}
