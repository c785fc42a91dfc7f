import type { Json } from '../../../actors/kernel/contract.ts';
import type { ActorDefinition } from '../../../actors/kernel/declare.ts';
import { MemoryHistory } from '../../../actors/kernel/replay.ts';
import type { Steps } from '../../../actors/kernel/slices.ts';
import { isTurnFailure } from '../../../actors/kernel/turns/outcome.ts';
import { canonicalJson } from '../../../contracts/hash/stable-hash.ts';
import type { Key } from '../../../contracts/store/keys.ts';
import { compareVersions } from '../compare/compare-versions.ts';
import { recordedVersion, type Version } from '../compare/version.ts';
import { Hidden } from '../play/bodies.ts';
import { playing, type UnplayedSpan } from '../play/play.ts';
import type { Frame } from '../play/session-frame.ts';
import type { Speech, TurnReport } from '../play/turn-report.ts';
import type { Playable } from '../read/playable.ts';
import { ddmin } from './plan-ddmin.ts';
import { reduceTurns } from './plan-reduce.ts';

export interface Minimised {
  /**
   * Plays the same up to its last turn, which goes differently as it did. Behind one that fails today an older recording, which does
   * not tell of failures, has one more.
   */
  readonly playable: Playable & { readonly history: MemoryHistory };
  readonly divergence: TurnReport;
  /** How many smaller recordings were played. */
  readonly tries: number;
  /** It could perhaps be smaller: there was no more time. */
  readonly outOfTime: boolean;
  /** Of the whole, before the turn that goes differently. */
  readonly unplayed: readonly UnplayedSpan[];
}

export interface MinimiseOptions {
  /** Asked before and during every try. */
  readonly goesOn?: () => boolean;
  /**
   * What the code that was recorded says of a smaller recording. Without it a smaller one holds what was said then of the
   * whole, whether that code would say it of less or not.
   */
  readonly old?: (playable: Playable) => Version;
}

/**
 * The smallest recording found of which today's code plays everything the same but the last turn, and that one differently
 * just as in the whole: inputs are dropped, and objects, as long as it does.
 * @returns undefined when nothing differs
 */
export function* minimise(
  whole: Playable,
  definition: ActorDefinition,
  { goesOn = () => true, old }: MinimiseOptions = {},
): Steps<Minimised | undefined> {
  const { divergence, session, unplayed } = yield* playing(whole, definition);
  if (divergence === undefined) return undefined;
  const wanted = markOf(divergence);
  let tries = 0;
  let outOfTime = false;
  const mayTry = (): boolean => {
    outOfTime ||= !goesOn();
    return !outOfTime;
  };
  const behind = tellsByNext(whole, session.frame) ? 1 : 0;
  let found = { playable: partUpTo(whole, session.position, behind), divergence };
  function* asLong<T>(steps: Steps<T>): Steps<T | undefined> {
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      if (!mayTry()) return undefined;
      yield;
    }
  }
  function* shows(candidate: Minimised['playable']): Steps<boolean> {
    tries += 1;
    const last = candidate.turns.length - 1 - behind;
    if (last < 0) return false;
    const played = yield* asLong(playing(candidate, definition));
    const differs = played?.divergence;
    if (played === undefined || differs === undefined || played.session.position !== last || markOf(differs) !== wanted)
      return false;
    if (old !== undefined) {
      const compared = yield* asLong(compareVersions(candidate, recordedVersion(candidate), old(candidate)));
      if (compared === undefined || compared.changed > 0) return false;
    }
    found = { playable: candidate, divergence: differs };
    return true;
  }
  // Fewer objects need fewer turns, and fewer turns fewer objects.
  for (let size = Number.POSITIVE_INFINITY; sizeOf(found.playable) < size && mayTry(); ) {
    size = sizeOf(found.playable);
    const wide = found.playable;
    yield* ddmin(keysOf(wide), (left) => shows(withOnly(wide, numbersOf(wide), left)), mayTry);
    const narrow = found.playable;
    const [first = 0, ...others] = numbersOf(narrow);
    const kept = others.splice(Math.max(0, others.length - 1 - behind));
    yield* ddmin(others, (left) => shows(withOnly(narrow, [first, ...left, ...kept], keysOf(narrow))), mayTry);
  }
  return { ...found, tries, outOfTime, unplayed };
}

const numbersOf = ({ turns }: Playable): readonly number[] => turns.map(({ n }) => n);
const sizeOf = (playable: Minimised['playable']): number => playable.turns.length + keysOf(playable).length;

/** What makes a difference the same difference: its sort, and what was said first that differs, then and now. */
function markOf({ finding = '', said }: TurnReport): string {
  const violation = /^actor (\S+), turn \d+: (.*)/.exec(finding);
  if (violation !== null) return violation.slice(1).join(); // what is not said any more comes of that
  const first = said.find(({ same }) => !same);
  if (first === undefined) return finding;
  const what = (speech: Speech | undefined): Json =>
    speech === undefined
      ? null
      : { ...speech, body: isKept(speech) ? (speech.body as Json) : null, found: null, why: null };
  const [sort] = finding.split(' '); // the rest counts
  return canonicalJson([sort, what(first.was), what(first.is)]);
}

/** What was found elsewhere may not be found of a part. */
const isKept = ({ body, found }: Speech): boolean => found !== true && !(body instanceof Hidden);

/** Of a turn that fails today an older recording tells only by the next one that it did not then. */
const tellsByNext = ({ incarnation }: Playable, frame: Frame | undefined): boolean =>
  incarnation.reports !== true && frame?.says.some(({ said }) => isTurnFailure(said)) === true;

/**
 * From the last start before a turn up to it, with what the store held at that start and what was written since.
 * @param behind how many turns more
 */
function partUpTo(
  { incarnation, turns, history, sealer }: Playable,
  index: number,
  behind: number,
): Minimised['playable'] {
  let start = index;
  while (start > 0 && turns[start]?.rec.t !== 'start') start -= 1;
  if (start === index && start > 0) {
    // It is the start itself that differs: what came before it matters.
    start -= 1;
    while (start > 0 && turns[start]?.rec.t !== 'start') start -= 1;
  }
  const part = turns.slice(start, index + 1 + behind);
  const first = part[0];
  const window = (first?.rec.t === 'start' ? first.rec.checkpoint?.window : undefined) ?? incarnation.window;
  const to = part.at(-1)?.view['objects'] ?? 0;
  const base = { revision: window, entries: [...history.stateAt(window)] };
  const writes = [...history.writes(window, to)];
  return { incarnation, turns: part, history: new MemoryHistory(writes, { bases: [base] }), sealer };
}

function keysOf({ history }: Minimised['playable']): readonly Key[] {
  const keys = new Set<Key>();
  for (const { entries } of history.bases) for (const { key } of entries) keys.add(key);
  for (const { key } of history.all) keys.add(key);
  return [...keys].sort();
}

function withOnly(part: Minimised['playable'], turns: readonly number[], keys: readonly Key[]): Minimised['playable'] {
  const keptTurns = new Set(turns);
  const keptKeys = new Set(keys);
  const reduction = {
    turns: new Set(part.turns.map(({ n }) => n).filter((n) => !keptTurns.has(n))),
    keys: new Set(keysOf(part).filter((key) => !keptKeys.has(key))),
  };
  const bases = part.history.bases.map(({ revision, entries }) => ({
    revision,
    entries: entries.filter(({ key }) => keptKeys.has(key)),
  }));
  const writes = part.history.all.filter(({ key }) => keptKeys.has(key));
  return {
    ...part,
    turns: reduceTurns(part.turns, part.incarnation.self.prefix, reduction),
    history: new MemoryHistory(writes, { bases }),
  };
}
