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
import type { ReplayOptions } from './options.ts';
import { checkOutput, codeOf, openNamed, startedName } from './parts.ts';
import { FIRST_AND_SECOND } from './render.ts';

export interface DiffOptions extends ReplayOptions {
  readonly full?: boolean;
}

/** Number of changed decisions that are shown without --full. */
const SHOWN = 3;

/**
 * `troupe replay diff A B`: compares two recordings, or the code of this build with that of another built tree on one
 * recording. Exit code 1 when something differs.
 */
export async function diffCommand(a: string, b: string, options: DiffOptions, terminal: Terminal): Promise<void> {
  terminal.outlastReader();
  checkOutput(options.output);
  const [recording, tree] = isTree(b) ? [a, b] : isTree(a) ? [b, a] : [a, undefined];
  const { differing } =
    tree === undefined
      ? await diffRecordings(a, b, options, terminal)
      : await diffTrees(recording, { path: tree, isSecond: tree === b }, options, terminal);
  if (differing) throw new Exit(FAILURE);
}

/** Compares the code of this build with that of another tree on one recording. */
async function diffTrees(
  recording: string,
  tree: { readonly path: string; readonly isSecond: boolean },
  options: DiffOptions,
  terminal: Terminal,
): Promise<Differing> {
  const other = await loadTree(tree.path);
  return eachOf(recording, options, terminal, async (playable) => {
    const here = codeVersion('this build', playable, codeOf(playable));
    const there = other.version(playable);
    const [first, second] = tree.isSecond ? [here, there] : [there, here];
    return {
      comparison: await compareAndSettle(playable, first, second, detailsOf(options)),
      title: `${first.name} (-) against ${second.name} (+)`,
    };
  });
}

/** Compares two recordings. */
async function diffRecordings(a: string, b: string, options: DiffOptions, terminal: Terminal): Promise<Differing> {
  const others = (await openNamed(b, options, terminal)).playables;
  let pairs: StartPairs<Playable> | undefined;
  const found = await eachOf(a, options, terminal, async (playable, all) => {
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
        `${b} has no recording of ${actor}, and ${a} has; ${b} has ${[...new Set(others.map(nameOf))].join(', ')}; choose an actor that both have with --actor`,
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
  return found;
}

const unpaired = (one: Playable, all: readonly Playable[], where: string, other: string): string =>
  `${startedName(one, all)} in ${where} is not compared: ${other} has no matching start`;

/**
 * `troupe replay --what-if patch.yaml`: what today's code would have decided with a changed object. Changed decisions are the
 * purpose and no failure; exit code 1 means that the code violates its contract, so the result is meaningless.
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
      missing ??= error; // another actor may have seen the object
      return undefined;
    }
    asked += 1;
    const was = codeVersion('as it was', playable, definition);
    const is = codeVersion('as it might have been', changed, definition);
    return {
      comparison: await compareAndSettle(playable, was, is, detailsOf(options)),
      title: 'as it was (-) against as it would have been (+); each turn with the recorded input',
    };
  });
  if (asked === 0 && missing !== undefined) throw missing;
  if (breached) throw new Exit(FAILURE);
}

const isUnseen = ({ was, is }: DecisionChange): boolean => was?.body instanceof Hidden || is?.body instanceof Hidden;

/** Reads the other recordings of their homes, in which bodies may be found. @returns whether there were any */
async function readOn(...playables: readonly Playable[]): Promise<boolean> {
  let read = false;
  for (const { elsewhere } of playables) if ((await elsewhere?.complete()) === true) read = true; // not `some`: each home must be read
  return read;
}

/** An unreadable manifest: exit code 3, as for an unreadable recording. */
function unreadable(error: unknown): never {
  if (!(error instanceof UsageError)) throw new UnplayableError(error);
  throw new UnplayableError(new UsageError(error.message.replace('give -f a manifest', 'give --what-if a manifest')));
}

const detailsOf = ({ full, output }: DiffOptions) => ({
  detailsMax: full === true || output === 'json' ? 100_000 : SHOWN,
});

/** Whether anything differs, and whether a version violates its contract. */
interface Differing {
  readonly differing: boolean;
  readonly breached: boolean;
}

/** Compares each recording and prints the result. */
async function eachOf(
  what: string,
  options: DiffOptions,
  terminal: Terminal,
  compare: (
    playable: Playable,
    all: readonly Playable[],
  ) => Promise<{ readonly comparison: Comparison; readonly title: string } | undefined>,
): Promise<Differing> {
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
