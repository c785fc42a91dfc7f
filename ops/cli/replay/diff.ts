import { inSlices } from '../../../actors/kernel/replay-api.ts';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import { compareRecordings } from '../../replay/compare/compare-recordings.ts';
import { type Comparison, compareAndSettle, type DecisionChange } from '../../replay/compare/compare-versions.ts';
import { isTree, loadTree } from '../../replay/compare/other-tree.ts';
import { pairStarts, type StartPairs } from '../../replay/compare/plan-start-pairs.ts';
import { codeVersion } from '../../replay/compare/version.ts';
import { whatIf } from '../../replay/compare/what-if.ts';
import { Hidden } from '../../replay/play/bodies.ts';
import { definitionOf } from '../../replay/play/definitions.ts';
import { gapsText, gapsWithin } from '../../replay/read/plan-gaps.ts';
import { nameOf, type Playable } from '../../replay/read/playable.ts';
import { readManifests } from '../objects/read-manifests.ts';
import { Exit, UnplayableError, UsageError } from '../shared/errors.ts';
import { toJson } from '../shared/print.ts';
import { FAILURE, UNPLAYABLE } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { changeText, comparisonLines, differs, plainComparison } from './compare.ts';
import { checkOutput, codeOf, openNamed, startedName } from './parts.ts';
import { FIRST_AND_SECOND } from './render.ts';
import type { ReplayOptions } from './options.ts';

export interface DiffOptions extends ReplayOptions {
  readonly full?: boolean;
}

/** Changed decisions that are shown unless all are asked for. */
const SHOWN = 3;

/**
 * `troupe replay diff A B`: two recordings; or one recording and another built tree of the project: what its code says
 * against what this one's says. Exit code 1 when something differs.
 */
export async function diffCommand(a: string, b: string, options: DiffOptions, terminal: Terminal): Promise<void> {
  terminal.outlastReader();
  checkOutput(options.output);
  const [recording, tree] = isTree(b) ? [a, b] : isTree(a) ? [b, a] : [a, undefined];
  if (tree !== undefined) {
    const other = await loadTree(tree);
    const { differing } = await eachOf(recording, options, terminal, async (playable) => {
      const here = codeVersion('this build', playable, codeOf(playable));
      const there = other.version(playable);
      const [first, second] = tree === b ? [here, there] : [there, here];
      return {
        comparison: await compareAndSettle(playable, first, second, detailsOf(options)),
        title: `${first.name} (-) against ${second.name} (+)`,
      };
    });
    if (differing) throw new Exit(FAILURE);
    return;
  }
  const others = (await openNamed(b, options, terminal)).playables;
  let pairs: StartPairs<Playable> | undefined;
  const { differing } = await eachOf(a, options, terminal, async (playable, all) => {
    pairs ??= pairStarts(all, others);
    const peer = pairs.peers.get(playable);
    if (peer === undefined) {
      const { actor } = playable.incarnation.self;
      if (others.some(({ incarnation: { self } }) => self.actor === actor)) {
        terminal.tell(unpaired(playable, all, a, b));
        return undefined;
      }
      throw statusError(
        'NotFound',
        `${b} holds no recording of ${actor}, as ${a} does; it holds ${[...new Set(others.map(nameOf))].join(', ')}; --actor chooses one that both hold`,
      );
    }
    const gaps = gapsText(gapsWithin(peer.turns));
    if (gaps !== '') terminal.tell(`${startedName(peer, others)} in ${b}: turns not recorded: ${gaps}`);
    const compared = (): Promise<Comparison> =>
      inSlices(compareRecordings(playable, peer, { ...detailsOf(options), definitionOf }));
    const comparison = await compared();
    const more = comparison.changes.some(isUnseen) && (await readOn(playable, peer));
    const [, begun] = startedName(peer, others).split(', ');
    const which = begun === undefined ? b : `${b}, ${begun}`;
    return { comparison: more ? await compared() : comparison, title: `${a} (-) against ${which} (+)` };
  });
  for (const one of pairs?.left ?? []) terminal.tell(unpaired(one, others, b, a));
  if (differing) throw new Exit(FAILURE);
}

const unpaired = (one: Playable, all: readonly Playable[], where: string, other: string): string =>
  `${startedName(one, all)} in ${where} is compared with nothing: ${other} holds no start that goes with it`;

/**
 * `troupe replay --what-if patch.yaml`: what today's code would have decided, had an object been another. That it would
 * have decided otherwise is what was asked; exit code 1 when it breaks determinism, for then nothing can be made of it.
 */
export async function whatIfCommand(what: string, options: DiffOptions, terminal: Terminal): Promise<void> {
  const wishes = (await readManifests([options.whatIf ?? '']).catch(unreadable)).map(({ object }) => object);
  let missing: StatusError | undefined;
  let asked = 0;
  const { breached } = await eachOf(what, options, terminal, async (playable) => {
    const definition = codeOf(playable);
    let changed: Playable;
    try {
      changed = whatIf(playable, wishes);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
      missing ??= error; // of several actors, those that saw the object answer
      return undefined;
    }
    asked += 1;
    const was = codeVersion('as it was', playable, definition);
    const is = codeVersion('as it might have been', changed, definition);
    return {
      comparison: await compareAndSettle(playable, was, is, detailsOf(options)),
      title: 'as it was (-) against as it would have been (+); each turn given what had happened by then',
    };
  });
  if (asked === 0 && missing !== undefined) throw missing;
  if (breached) throw new Exit(FAILURE);
}

const isUnseen = ({ was, is }: DecisionChange): boolean => was?.body instanceof Hidden || is?.body instanceof Hidden;

/** Reads what else their homes have recorded of what they said. @returns whether there was anything to read */
async function readOn(...playables: readonly Playable[]): Promise<boolean> {
  let read = false;
  for (const { elsewhere } of playables) if ((await elsewhere?.complete()) === true) read = true; // one reader a home
  return read;
}

/** It was given with the recording, which can't be played without it. */
function unreadable(error: unknown): never {
  if (!(error instanceof UsageError)) throw new UnplayableError(error);
  throw new UnplayableError(new UsageError(error.message.replace('give -f a manifest', 'give --what-if a manifest')));
}

const detailsOf = ({ full, output }: DiffOptions) => ({
  detailsMax: full === true || output === 'json' ? 100_000 : SHOWN,
});

/** Compares each recording that is named. @returns whether anything differs, and whether it is for a breach of determinism */
async function eachOf(
  what: string,
  options: DiffOptions,
  terminal: Terminal,
  compare: (
    playable: Playable,
    all: readonly Playable[],
  ) => Promise<{ readonly comparison: Comparison; readonly title: string } | undefined>,
): Promise<{ readonly differing: boolean; readonly breached: boolean }> {
  const source = await openNamed(what, options, terminal);
  const results: object[] = [];
  let differing = false;
  let breached = false;
  let turns = 0;
  for (const playable of source.playables) {
    const compared = await compare(playable, source.playables);
    if (compared === undefined) continue;
    const { comparison, title } = compared;
    differing ||= differs(comparison);
    breached ||= comparison.violation !== undefined;
    turns += comparison.turns;
    const { incarnation } = playable.incarnation;
    results.push({ recording: nameOf(playable), incarnation, ...plainComparison(comparison) });
    const { actor } = playable.incarnation.self;
    if (options.output !== 'json') print(actor, startedName(playable, source.playables), comparison, title, terminal);
  }
  if (options.output === 'json') terminal.out(toJson(results));
  if (turns === 0 && results.length > 0) throw new Exit(UNPLAYABLE);
  return { differing, breached };
}

function print(actor: string, name: string, comparison: Comparison, title: string, terminal: Terminal): void {
  const lines = comparisonLines(actor, comparison);
  terminal.out(`${terminal.paint('bold', name)}  ${title}\n${lines.map((line) => `  ${line}\n`).join('')}`);
  for (const change of comparison.changes) terminal.out(changeText(change, terminal.paint, FIRST_AND_SECOND));
  const rest = comparison.changed - comparison.changes.length;
  if (rest > 0) terminal.out(`  … ${rest} more; --full shows them\n`);
}
