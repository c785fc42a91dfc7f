import { troupeHome } from '../boot/home.ts';
import { chainOf } from '../replay/chain.ts';
import { definitionOf } from '../replay/definitions.ts';
import { indexAt, parsePoint } from '../replay/parse-moment.ts';
import type { Cause } from '../replay/plan-causes.ts';
import { type Played, playUntilDivergence } from '../replay/play.ts';
import { nameOf, type Playable } from '../replay/playable.ts';
import { openSource, type Source } from '../replay/source.ts';
import { Exit, UsageError } from './errors.ts';
import { formatTable } from './plan-table.ts';
import { toJson } from './print.ts';
import { FAILURE } from './render-error.ts';
import type { ReplayOptions } from './replay.ts';
import { plainReport } from './replay-json.ts';
import { divergenceText, momentText } from './replay-render.ts';
import type { Terminal } from './terminal.ts';

const LEVELS = ['strict', 'shape', 'state'] as const;

/** A recording, and which part of it is meant. */
export interface Part {
  readonly playable: Playable;
  /** Index of the first turn meant. */
  readonly from: number;
  /** Index of the last. */
  readonly to: number;
}

/** Opens what an argument of a replay command names. */
export async function openNamed(what: string, options: ReplayOptions, terminal: Terminal): Promise<Source> {
  return openSource(what, {
    home: troupeHome(),
    instance: options.instance,
    onRead: (line) => {
      if (terminal.interactive) terminal.tell(line);
    },
  });
}

/** The recordings of a source, and of each the part between `--from` and `--to`; those without one are left out. */
export function partsOf(source: Source, { from, to }: ReplayOptions): readonly Part[] {
  const end = Math.max(...source.playables.map(({ turns }) => turns.at(-1)?.now ?? 0));
  const first = from === undefined ? undefined : parsePoint(from, end);
  const last = to === undefined ? undefined : parsePoint(to, end);
  // Turns are numbered anew in each incarnation: a number means the newest.
  const numbered = [first, last].some((point) => point !== undefined && 'turn' in point);
  const playables = numbered ? newestOf(source.playables) : source.playables;
  const parts = playables.map((playable) => {
    const { turns } = playable;
    const begin =
      first === undefined
        ? 0
        : 'turn' in first
          ? indexAt(turns, { turn: first.turn - 1 }) + 1
          : indexAt(turns, { moment: first.moment - 1 }) + 1;
    return { playable, from: begin, to: last === undefined ? turns.length - 1 : indexAt(turns, last) };
  });
  const meant = parts.filter((part) => part.from <= part.to);
  if (meant.length === 0) {
    const spans = playables.map(
      ({ turns }) =>
        `turns ${turns[0]?.n ?? 0} to ${turns.at(-1)?.n ?? 0} (${momentText(turns[0]?.now ?? 0)} to ${momentText(turns.at(-1)?.now ?? 0)})`,
    );
    throw new UsageError(`no turn lies between --from and --to; there are ${spans.join('; ')}`);
  }
  return meant;
}

/** Of each instance, the recording that began last. */
export function newestOf(playables: readonly Playable[]): readonly Playable[] {
  const newest = new Map<string, Playable>();
  for (const playable of playables) newest.set(nameOf(playable), playable);
  return [...newest.values()];
}

export function levelOf({ level }: ReplayOptions): (typeof LEVELS)[number] {
  const known = LEVELS.find((one) => one === (level ?? 'strict'));
  if (known === undefined) throw new UsageError(`--level is "${level}"; it is strict, shape or state`);
  return known;
}

/** Plays recordings against today's code and stops at the first turn that goes differently. */
export async function playCommand(what: string, options: ReplayOptions, terminal: Terminal): Promise<void> {
  const level = levelOf(options);
  const source = await openNamed(what, options, terminal);
  const played: Played[] = [];
  let causes: readonly Cause[] = [];
  for (const { playable, from, to } of partsOf(source, options)) {
    const definition = definitionOf(playable.incarnation);
    if (definition === undefined)
      throw new UsageError(
        `this build has no actor "${playable.incarnation.self.actor}", so its recording cannot be played`,
      );
    const one = playUntilDivergence(playable, definition, { level, from, to });
    played.push(one);
    if (one.divergence === undefined) continue;
    const about = one.divergence.said.find(({ same }) => !same);
    causes = await chainOf(one.session, source, definitionOf, (about?.is ?? about?.was)?.subject ?? '');
    break;
  }
  if (options.output === 'json') terminal.out(toJson(played.map((one) => summary(one, causes))));
  else print(what, played, causes, terminal);
  if (played.some(({ divergence }) => divergence !== undefined)) throw new Exit(FAILURE);
}

function print(what: string, played: readonly Played[], causes: readonly Cause[], terminal: Terminal): void {
  const rows = played.map((one) => [
    one.name,
    momentText(one.incarnation).slice(0, 19),
    String(one.turns),
    one.divergence === undefined ? sameText(one) : `differs at turn ${one.divergence.turn}`,
  ]);
  terminal.out(formatTable([['RECORDING', 'STARTED', 'SAME TURNS', 'RESULT'], ...rows]));
  for (const { divergence } of played) {
    if (divergence === undefined) continue;
    terminal.out(`\n${divergenceText(divergence, causes, terminal.paint)}`);
    terminal.out(`\nlook around there: troupe replay ${what} -i --to ${divergence.turn}\n`);
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
