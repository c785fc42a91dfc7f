import { type ActorDefinition, type Json, MemoryHistory, type Steps } from '../../../actors/kernel/replay-api.ts';
import { canonicalJson } from '../../../contracts/hash/stable-hash.ts';
import type { Key } from '../../../contracts/store/keys.ts';
import { compareVersions } from '../compare/compare-versions.ts';
import { recordedVersion, type Version } from '../compare/version.ts';
import { Hidden } from '../play/bodies.ts';
import { playing, type UnplayedSpan } from '../play/play.ts';
import type { Speech, TurnReport } from '../play/turn-report.ts';
import type { Playable } from '../read/playable.ts';
import { ddmin } from './plan-ddmin.ts';
import { reduceTurns } from './plan-reduce.ts';

export interface Minimised {
  /** Plays without a difference up to its last turn, which differs as it does in the whole recording. */
  readonly playable: Playable & { readonly history: MemoryHistory };
  readonly divergence: TurnReport;
  /** Number of smaller recordings that were tried. */
  readonly tries: number;
  /** The search ended early, so a smaller recording may exist. */
  readonly outOfTime: boolean;
  /** Of the whole recording, before the turn that differs. */
  readonly unplayed: readonly UnplayedSpan[];
}

export interface MinimiseOptions {
  /** Called before and during every try; `false` ends the search. */
  readonly goesOn?: () => boolean;
  /**
   * Plays a smaller recording with the code that was recorded, which must still say what is recorded. Without it, a smaller
   * recording keeps what was said in the whole, though that code might say something else in the smaller one.
   */
  readonly old?: (playable: Playable) => Version;
}

/**
 * Searches for the smallest recording whose last turn differs as in the whole recording and whose other turns do not differ.
 * It drops inputs and objects as long as that holds.
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
  let found = { playable: partUpTo(whole, session.position), divergence };
  function* asLong<T>(steps: Steps<T>): Steps<T | undefined> {
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      if (!mayTry()) return undefined;
      yield;
    }
  }
  function* shows(candidate: Minimised['playable']): Steps<boolean> {
    tries += 1;
    const last = candidate.turns.length - 1;
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
  // Fewer objects need fewer turns, and fewer turns need fewer objects.
  for (let size = Number.POSITIVE_INFINITY; sizeOf(found.playable) < size && mayTry(); ) {
    size = sizeOf(found.playable);
    const wide = found.playable;
    yield* ddmin(keysOf(wide), (left) => shows(withOnly(wide, numbersOf(wide), left)), mayTry);
    const narrow = found.playable;
    const [first = 0, ...others] = numbersOf(narrow);
    const kept = others.splice(Math.max(0, others.length - 1));
    yield* ddmin(others, (left) => shows(withOnly(narrow, [first, ...left, ...kept], keysOf(narrow))), mayTry);
  }
  return { ...found, tries, outOfTime, unplayed };
}

const numbersOf = ({ turns }: Playable): readonly number[] => turns.map(({ n }) => n);
const sizeOf = (playable: Minimised['playable']): number => playable.turns.length + keysOf(playable).length;

/** Identifies a difference: its kind, and the first thing said that differs, then and now. */
function markOf({ finding = '', said }: TurnReport): string {
  const violation = /^actor (\S+), turn \d+: (.*)/.exec(finding);
  if (violation !== null) return violation.slice(1).join(); // what is no longer said is a consequence
  const first = said.find(({ same }) => !same);
  if (first === undefined) return finding;
  const what = (speech: Speech | undefined): Json =>
    speech === undefined
      ? null
      : { ...speech, body: isKept(speech) ? (speech.body as Json) : null, found: null, why: null };
  const [kind] = finding.split(' '); // the rest holds counts
  return canonicalJson([kind, what(first.was), what(first.is)]);
}

/** A body that was found in another recording may not be found for a smaller one. */
const isKept = ({ body, found }: Speech): boolean => found !== true && !(body instanceof Hidden);

/** The turns from the last start before a turn up to that turn, with what the store held at that start and later writes. */
function partUpTo({ incarnation, turns, history, sealer }: Playable, index: number): Minimised['playable'] {
  let start = index;
  while (start > 0 && turns[start]?.rec.t !== 'start') start -= 1;
  if (start === index && start > 0) {
    // The start itself differs, so the turns before it matter.
    start -= 1;
    while (start > 0 && turns[start]?.rec.t !== 'start') start -= 1;
  }
  const part = turns.slice(start, index + 1);
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
