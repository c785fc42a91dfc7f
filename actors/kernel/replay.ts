import { canonicalJson } from '../../contracts/hash/stable-hash.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import type { Key } from '../../contracts/store/keys.ts';
import type { Rec } from './contract.ts';
import type { ActorDefinition } from './declare.ts';
import { type Level, saidDifferently } from './journal/compare-said.ts';
import type { RecordedTurn, SaidThen, Sealer } from './journal/journal.ts';
import type { Incarnation } from './journal/recorder.ts';
import { openRec } from './journal/sealed-record.ts';
import { atOnce, inSlices, type Steps, settled } from './slices.ts';
import { ActorCore, type TurnDone } from './turns/actor-core.ts';
import { installGuard } from './turns/guard.ts';
import { outcomeToCompare } from './turns/outcome.ts';
import type { Outgoing } from './turns/outgoing.ts';
import { everyChange, PendingChanges } from './turns/pending-changes.ts';
import { describeViolation } from './turns/violation.ts';
import { Cache } from './view/cache.ts';
import type { History, Revisions } from './view/memory-history.ts';

export type { Level } from './journal/compare-said.ts';
export { type History, MemoryHistory } from './view/memory-history.ts';

/** A turn that today's code plays differently. */
export interface Divergence {
  readonly turn: number;
  readonly now: number;
  readonly rec: Rec;
  readonly what: string;
  readonly saidThen: readonly SaidThen[];
  readonly saidNow: readonly Outgoing[];
}

/** Recorded turns in a row that cannot be played. */
export interface Skip {
  /** Numbers of the first and the last. */
  readonly from: number;
  readonly to: number;
  readonly turns: number;
  /**
   * `start`: how they came about was not recorded; `gap`: turns before them are missing; `sealed`: one of them carries
   * secret data and there is no key; `history`: revisions of the store are missing. Each lasts until the next start.
   */
  readonly why: 'start' | 'gap' | 'sealed' | 'history';
  /** The same in words. */
  readonly what: string;
}

export interface Replayed {
  /** Turns played and found the same. */
  readonly turns: number;
  /** Turns that could not be played. */
  readonly skipped: number;
  readonly skips: readonly Skip[];
  readonly divergence?: Divergence;
}

/**
 * Plays one incarnation's recorded turns against a definition, with no clock, no network and no store.
 * @param turns  in order of number; the first one played is the first `start`
 * @param sealer opens bodies that carry secret data
 */
export function replay(
  definition: ActorDefinition,
  incarnation: Incarnation,
  turns: readonly RecordedTurn[],
  history: History,
  sealer?: Sealer,
  level?: Level,
): Replayed {
  const player = new Player(definition, incarnation, history, sealer, level, lastOf(turns));
  return replayed(player, atOnce(playAll(player, turns)));
}

/** The same in slices, and waits for what the behaviour does after its turns, which it must not. */
export async function replayAndSettle(
  ...[definition, incarnation, turns, history, sealer, level]: Parameters<typeof replay>
): Promise<Replayed> {
  const player = new Player(definition, incarnation, history, sealer, level, lastOf(turns));
  const divergence = await inSlices(playAll(player, turns));
  if (divergence === undefined) await settled();
  return replayed(player, divergence ?? player.late);
}

const lastOf = (turns: readonly RecordedTurn[]): number | undefined => turns.at(-1)?.n;

function* playAll(player: Player, turns: Iterable<RecordedTurn>): Steps<Divergence | undefined> {
  for (const turn of turns) {
    const divergence = player.play(turn);
    if (divergence !== undefined) return divergence;
    yield;
    if (player.late !== undefined) return player.late;
  }
  return undefined;
}

const replayed = ({ played, skipped, skips }: Player, divergence: Divergence | undefined): Replayed => ({
  turns: played,
  skipped,
  skips,
  ...(divergence === undefined ? {} : { divergence }),
});

/** Plays a recording turn by turn; what stands around the behaviour is as it was live. */
export class Player {
  readonly cache = new Cache({ freeze: true });
  readonly core: ActorCore;
  played = 0;
  /** What could not be played, in order. */
  readonly skips: Skip[] = [];
  /** What the turn played last did; absent when it could not be played. */
  done: TurnDone | undefined;
  /** What it said, and what went wrong in it as far as the recording would tell of that. */
  says: readonly Outgoing[] = NOTHING_SAID;
  #lastPlayed: RecordedTurn | undefined;
  readonly #history: History;
  readonly #level: Level;
  readonly #sealer: Sealer | undefined;
  readonly #pending: PendingChanges;
  /** Since a key was told last, whether or not what came would be worth telling today. */
  readonly #unselected: PendingChanges;
  readonly #incarnation: Incarnation;
  readonly #lastTurn: number | undefined;
  #begun = false;
  #last = 0;

  /** @param lastTurn number of the recording's last, where it is known */
  constructor(
    definition: ActorDefinition,
    incarnation: Incarnation,
    history: History,
    sealer?: Sealer,
    level: Level = 'strict',
    lastTurn?: number,
  ) {
    installGuard();
    this.#history = history;
    this.#level = level;
    this.#sealer = sealer;
    this.#incarnation = incarnation;
    this.#lastTurn = lastTurn;
    const { hears } = definition;
    const heard = incarnation.selective === true ? hears : everyChange(hears);
    this.#pending = new PendingChanges(heard, (start) => this.core.isAnyCellSet(start));
    this.#unselected = new PendingChanges(everyChange(hears), () => true);
    this.core = new ActorCore(definition, {
      self: incarnation.self,
      view: this.cache,
      seed: incarnation.seed,
      window: incarnation.window,
      freeze: true,
    });
  }

  /** What today's code did first that a behaviour must not do: it makes all that it says a matter of chance. */
  get violation(): string | undefined {
    const [violation] = this.core.violations;
    return violation && describeViolation(violation);
  }

  /** What it did that it must not since the turn played last, which did not diverge, as a divergence of that turn. */
  get late(): Divergence | undefined {
    const { violation } = this;
    if (violation === undefined || this.#lastPlayed === undefined) return undefined;
    return diverged(this.#lastPlayed, violation, this.says);
  }

  /** How many turns could not be played. */
  get skipped(): number {
    return this.skips.reduce((sum, { turns }) => sum + turns, 0);
  }

  /**
   * Plays the next turn, also after one that went differently: with what was heard then, whatever is said now. A turn that
   * cannot be played is skipped, and so is what follows it up to the next start, which tells all that there is to know.
   * @returns the divergence, if this turn goes differently now
   */
  play(turn: RecordedTurn): Divergence | undefined {
    this.done = undefined;
    this.says = NOTHING_SAID;
    if (turn.n <= this.#last) return undefined; // a segment that was sent twice
    const follows = turn.n === this.#last + 1;
    const missed = turn.n - this.#last - 1;
    const beginning = this.#last === 0;
    this.#last = turn.n;
    const revision = turn.view['objects'] ?? 0;
    let goesOn = this.#begun && follows;
    // What is lost up to here a start need not know, if it does not look back there.
    if (goesOn && turn.rec.t === 'start' && this.#lost(turn, goesOn, revision) !== undefined) goesOn = false;
    if (!goesOn && turn.rec.t !== 'start') {
      if (beginning) return this.#skip(turn, 'start', 'the recording begins in the middle');
      if (follows) return this.#skip(turn); // for the same reason as the turn before
      return this.#skip(
        turn,
        'gap',
        `${missed === 1 ? '1 turn before is' : `${missed} turns before are`} missing from the recording`,
      );
    }
    const lost = this.#lost(turn, goesOn, revision);
    if (lost !== undefined) return this.#skip(turn, 'history', missing(lost));
    const rec = turn.sealed === true ? openRec(turn.rec, this.#sealer) : turn.rec;
    if (rec === undefined) return this.#skip(turn, 'sealed', SEALED);
    if (!goesOn) this.#begin(turn, revision);
    this.#moveView(revision);
    return this.#play(turn, rec, goesOn);
  }

  #play(turn: RecordedTurn, rec: Rec, goesOn: boolean): Divergence | undefined {
    const otherCells = goesOn && this.#level !== 'shape' && !this.#cellsAre(rec);
    let before: ReadonlyMap<Key, KubeObject | undefined> | undefined;
    let otherChange: string | undefined;
    /** Nothing came of it then, and today's code is not woken by it: no decision changes. */
    let sleptThrough = false;
    if (rec.t === 'change') {
      const taken = this.#pending.take();
      before = new Map([...this.#unselected.takeOnly(rec.keys), ...taken.before]);
      if (taken.keys.join() !== rec.keys.join()) {
        sleptThrough = turn.said.length === 0 && taken.keys.every((key) => rec.keys.includes(key));
        otherChange = `it is not told of what it was told: recorded ${brief(rec.keys)}, today, by the history, ${brief(taken.keys)}; what wakes it has changed, or the history has`;
      }
    }
    const toldBefore = before === undefined ? undefined : (key: Key) => before.get(key);
    const done = this.core.run(rec, turn.now, turn.view, toldBefore);
    this.done = done;
    this.says = outcomeToCompare(done, { reports: this.#incarnation.reports === true, lastTurn: this.#lastTurn });
    this.#lastPlayed = turn;
    if (rec.t === 'start' && rec.checkpoint === undefined)
      for (const pending of [this.#pending, this.#unselected]) pending.noteAll(this.cache);
    if (sleptThrough && this.says.length === 0) otherChange = undefined;
    const what = this.violation ?? (otherCells ? OTHER_STATE : (otherChange ?? this.#difference(turn)));
    if (what !== undefined) return diverged(turn, what, this.says);
    this.played += 1;
    return undefined;
  }

  #skip(turn: RecordedTurn, why?: Skip['why'], what?: string): undefined {
    this.#begun = false;
    const last = this.skips.at(-1);
    if (last !== undefined && (what === undefined || (last.what === what && last.to === turn.n - 1)))
      this.skips[this.skips.length - 1] = { ...last, to: turn.n, turns: last.turns + 1 };
    else this.skips.push({ from: turn.n, to: turn.n, turns: 1, why: why ?? 'start', what: what ?? '' });
    return undefined;
  }

  /** Revisions that must be known to play this turn, and are lost. An actor that sees nothing of the store needs none. */
  #lost(turn: RecordedTurn, goesOn: boolean, revision: number): Revisions | undefined {
    if (revision === 0) return undefined;
    if (goesOn) return this.#history.missing?.(revision, this.cache.revision);
    const window = this.#windowOf(turn);
    return this.#history.missing?.(window) ?? this.#history.missing?.(revision, window);
  }

  #windowOf({ rec }: RecordedTurn): number {
    return (rec.t === 'start' ? rec.checkpoint?.window : undefined) ?? this.#incarnation.window;
  }

  #begin(turn: RecordedTurn, revision: number): void {
    const window = this.#windowOf(turn);
    this.cache.relist(this.#history.stateAt(window), window);
    this.core.resumeAt(turn.n - 1);
    this.#begun = true;
    this.#moveView(revision);
    for (const pending of [this.#pending, this.#unselected]) pending.take(); // a start has been told of everything up to here, or will be at once
  }

  #moveView(revision: number): void {
    for (const write of this.#history.writes(this.cache.revision, revision)) {
      const change = this.cache.apply(write);
      this.#pending.note(change);
      this.#unselected.note(change);
    }
    this.cache.advance(revision);
  }

  /** At a checkpoint: are the cells what they were then? */
  #cellsAre(rec: Rec): boolean {
    if (rec.t !== 'start' || rec.checkpoint === undefined) return true;
    const cells = this.core.checkpoint(0)?.cells;
    return cells === undefined || canonicalJson(cells) === canonicalJson(rec.checkpoint.cells);
  }

  #difference(turn: RecordedTurn): string | undefined {
    const level = this.#level;
    const found = saidDifferently(turn, this.says, { level, sealer: this.#sealer });
    return found ?? (level === 'shape' || this.#stateIs(turn) ? undefined : OTHER_STATE);
  }

  #stateIs({ state, stateKeyed }: RecordedTurn): boolean {
    if (state === undefined || (stateKeyed === true && this.#sealer === undefined)) return true;
    const now = this.core.state().state;
    return state === (stateKeyed === true ? this.#sealer?.keyed(now) : now);
  }
}

const NOTHING_SAID: readonly Outgoing[] = [];
const OTHER_STATE = 'the state in its cells is not what it was';
const SEALED = "what was heard carries secret data that is sealed; with the cluster's key it can be played";
const missing = ({ first, last }: Revisions): string =>
  first === last
    ? `the history has lost revision ${first} of the store`
    : `the history has lost revisions ${first} to ${last} of the store`;

const diverged = (turn: RecordedTurn, what: string, saidNow: readonly Outgoing[]): Divergence => ({
  turn: turn.n,
  now: turn.now,
  rec: turn.rec,
  what,
  saidThen: turn.said,
  saidNow,
});
const brief = (keys: readonly Key[]): string =>
  keys.length > 4 ? `${keys.slice(0, 4).join(', ')} and ${keys.length - 4} more` : keys.join(', ') || 'nothing';
