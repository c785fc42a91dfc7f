import type { ActorDefinition } from '../../../actors/kernel/replay-api.ts';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import { BUILD } from '../../boot/home/build.ts';
import { versionOfBuild } from '../../boot/home/build-name.ts';
import { troupeHome } from '../../boot/home/home.ts';
import { compareVersions } from '../../boot/nats/plan-nats-version.ts';
import { definitionOf } from '../../replay/play/definitions.ts';
import { indexAt, indexFrom, type Point, parsePoint } from '../../replay/read/parse-moment.ts';
import { indexOfTurn, nameOf, type Playable, seesStore } from '../../replay/read/playable.ts';
import { isFile, openSource, type Source } from '../../replay/read/source.ts';
import { UsageError } from '../shared/errors.ts';
import type { Terminal } from '../shared/terminal.ts';
import type { ReplayOptions } from './options.ts';
import { momentText } from './render.ts';

const LEVELS = ['strict', 'shape', 'state'] as const;

/** A recording, and the part of it to play. */
export interface Part {
  readonly playable: Playable;
  /** Index of the first turn. */
  readonly from: number;
  /** Index of the last turn. */
  readonly to: number;
}

/** Opens the recordings that an argument of a replay command names. @param how.sealed leave secret data sealed */
export async function openNamed(
  what: string,
  options: ReplayOptions,
  terminal: Terminal,
  how: { readonly sealed?: boolean } = {},
): Promise<Source> {
  // A file needs no NATS client.
  const where = isFile(what)
    ? { home: troupeHome(), keyFile: options.key }
    : (await import('./recorded-where.ts')).recordedWhere(options);
  const reported = new Set<string>(); // the source may be read twice
  const source = await openSource(what, {
    ...where,
    actor: options.actor,
    instance: options.instance,
    sealed: how.sealed === true,
    onRead: (line) => {
      if (terminal.interactive) terminal.tell(line);
    },
    onMissing: (problem) => {
      if (!reported.has(problem)) terminal.tell(problem);
      reported.add(problem);
    },
  });
  const [newer] = source.playables.map(({ incarnation }) => incarnation.build).filter(isNewer);
  if (newer !== undefined)
    terminal.tell(
      `${what} was recorded by build ${newer}, which is newer than this build, ${BUILD}: what is new in it counts as a difference; play it with ${newer} to see none`,
    );
  return source;
}

function isNewer(build: string): boolean {
  const [version, own] = [versionOfBuild(build), versionOfBuild(BUILD)];
  return version !== undefined && own !== undefined && compareVersions(version, own) > 0;
}

/** The recordings of a source with turns between `--from` and `--to`, and that part of each. */
export function partsOf(source: Source, { from, to }: ReplayOptions): readonly Part[] {
  const end = Math.max(...source.playables.map(({ turns }) => turns.at(-1)?.now ?? 0));
  const first = typedPoint('--from', from, end);
  const last = typedPoint('--to', to, end);
  // Turn numbers begin at 1 with every start: a number means the newest start.
  const numbered = [first, last].some((point) => point !== undefined && 'turn' in point);
  const revised = [first, last].some((point) => point !== undefined && 'revision' in point);
  const seeing = revised ? source.playables.filter(({ turns }) => seesStore(turns)) : source.playables;
  if (seeing.length === 0)
    throw new UsageError(
      'the actor sees nothing of the store, so a revision is no point of its recording; give a time',
    );
  const playables = numbered ? newestOf(seeing) : seeing;
  const parts = playables.map((playable) => {
    const { turns } = playable;
    const begin = first === undefined ? 0 : indexFrom(turns, first);
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

/**
 * The recordings of which `--turn` may be meant, one of each instance: of several starts the newest, or, with `--to`, the one
 * that ran at that time.
 * @throws UsageError: nothing was recorded then
 */
export function startsMeant({ playables }: Source, { to }: ReplayOptions): readonly Playable[] {
  const end = Math.max(...playables.map(({ turns }) => turns.at(-1)?.now ?? 0));
  const point = typedPoint('--to', to, end);
  if (point === undefined || !('moment' in point)) return newestOf(playables);
  const begun = newestOf(playables.filter(({ turns }) => indexAt(turns, point) >= 0));
  if (begun.length > 0) return begun;
  const first = Math.min(...playables.map(({ turns }) => turns[0]?.now ?? 0));
  throw new UsageError(`nothing is recorded up to --to ${to}; it begins at ${momentText(first)}`);
}

/** Parses a point of a recording. @throws UsageError */
export function typedPoint(flag: string, text: string | undefined, end: number): Point | undefined {
  if (text === undefined) return undefined;
  try {
    return parsePoint(text, end);
  } catch (error) {
    throw error instanceof StatusError ? new UsageError(`${flag}: ${error.message}`) : error;
  }
}

/** `kubelet/n1`; with the time of the start when there are several. */
export function startedName(playable: Playable, all: readonly Playable[]): string {
  const name = nameOf(playable);
  if (all.filter((one) => nameOf(one) === name).length < 2) return name;
  return `${name}, started ${momentText(playable.incarnation.incarnation).slice(0, 19)}`;
}

const NAMED_MOST = 8;

/** The text that says which of several recordings was chosen, and how to choose another. */
export function chosenText(what: string, all: readonly Playable[], chosen: Playable, flags: string): string {
  const starts = new Map<string, number>();
  for (const name of all.map(nameOf)) starts.set(name, (starts.get(name) ?? 0) + 1);
  const names = [...starts].map(([name, times]) => (times === 1 ? name : `${name} ${times} times`));
  const more = names.length > NAMED_MOST ? `, and ${names.length - NAMED_MOST} more` : '';
  return `${what} has ${all.length} recordings (${names.slice(0, NAMED_MOST).join(', ')}${more}); this is ${startedName(chosen, all)}; choose another with ${flags}`;
}

/** Parses the number of a turn. @throws UsageError */
export function typedTurn(text: string | undefined): number {
  if (!/^[1-9]\d*$/.test(text ?? '')) throw new UsageError(`--turn is "${text}"; give the number of a turn`);
  return Number(text);
}

/**
 * Index of the turn with that number.
 * @param starts other recordings, in which to look for it for the error message
 * @throws UsageError: it is not recorded
 */
export function indexOfTyped(playable: Playable, n: number, starts: readonly Playable[] = []): number {
  const { turns } = playable;
  if (hasTurn(playable, n)) return indexOfTurn(turns, n);
  const finding = `there is no turn ${n}; the recording has turns ${turns[0]?.n ?? 0} to ${turns.at(-1)?.n ?? 0}`;
  const older = starts.findLast((one) => nameOf(one) === nameOf(playable) && hasTurn(one, n));
  if (older === undefined) throw new UsageError(finding);
  const started = new Date(older.incarnation.incarnation).toISOString();
  const end = new Date(older.turns.at(-1)?.now ?? 0).toISOString();
  throw new UsageError(`${finding}; the recording of the start at ${started} has it: add --to ${end}`);
}

const hasTurn = ({ turns }: Playable, n: number): boolean => turns[indexOfTurn(turns, n)]?.n === n;

/** The newest recording of each instance. */
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

/** @throws UsageError: an unknown output format */
export function checkOutput(output: string | undefined): void {
  if (output !== undefined && output !== 'json')
    throw new UsageError(`-o is "${output}"; the only other format is json`);
}

/** Today's definition of a recorded actor. @throws StatusError: this build has none, or the recorded configuration is invalid */
export function codeOf({ incarnation }: Playable): ActorDefinition {
  const definition = definitionOf(incarnation);
  if (definition !== undefined) return definition;
  throw statusError(
    'NotFound',
    `this build has no actor "${incarnation.self.actor}", so its recording cannot be played; play it with the build that recorded it, ${incarnation.build}, or, if it is your own actor, name its module: --actors <file>`,
  );
}

/** The flags that lead to a turn; a number without `--to` means the newest start. */
export function turnFlags(
  flag: '--turn' | '-i --to',
  { playables }: Source,
  playable: Playable,
  { n, now }: { readonly n: number; readonly now: number },
): string {
  if (newestOf(playables).includes(playable)) return `${flag} ${n}`;
  return `${flag === '--turn' ? '' : '-i '}--turn ${n} --to ${new Date(now).toISOString()}`;
}

/** The command that opens a recording again: `troupe replay day.troupe --actor kubelet --instance n1`. */
export function commandFor(
  what: string,
  { actor, instance, key, context, actors, level }: ReplayOptions,
  { playables }: Source,
  { incarnation: { self } }: Playable,
): string {
  const selves = playables.map(({ incarnation }) => incarnation.self);
  const several = (of: (one: typeof self) => string): boolean => new Set(selves.map(of)).size > 1;
  const flags = [
    actor !== undefined || several((one) => one.actor) ? ` --actor ${self.actor}` : '',
    instance !== undefined || several((one) => one.instance) ? ` --instance ${self.instance}` : '',
    ...Object.entries({ key, context, actors, level }).map(([flag, given]) =>
      given === undefined ? '' : ` --${flag} ${given}`,
    ),
  ];
  return `troupe replay ${what}${flags.join('')}`;
}
