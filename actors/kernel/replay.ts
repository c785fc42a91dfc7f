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
import { outcomeOf } from './turns/outcome.ts';
import type { Outgoing } from './turns/outgoing.ts';
import { everyChange, PendingChanges } from './turns/pending-changes.ts';
import { describeViolation } from './turns/violation.ts';
import { Cache } from './view/cache.ts';
import type { History, Revisions } from './view/memory-history.ts';

export type { Level } from './journal/compare-said.ts';
export { type History, MemoryHistory } from './view/memory-history.ts';

/** A turn in which today's code acts differently. */
export interface Divergence {
  readonly turn: number;
  readonly now: number;
  readonly rec: Rec;
  readonly what: string;
  readonly saidThen: readonly SaidThen[];
  readonly saidNow: readonly Outgoing[];
}

/** Consecutive recorded turns that cannot be played. */
export interface Skip {
  /** Numbers of the first and the last turn. */
  readonly from: number;
  readonly to: number;
  readonly turns: number;
  /**
   * `start`: the recording does not begin with a start; `gap`: turns before them are missing; `sealed`: one of them carries
   * secret data and there is no key; `history`: revisions of the store are missing. Each lasts until the next start.
   */
  readonly why: 'start' | 'gap' | 'sealed' | 'history';
  /** The same as text. */
  readonly what: string;
}

export interface Replayed {
  /** Turns that were played and did not differ. */
  readonly turns: number;
  /** Turns that could not be played. */
  readonly skipped: number;
  readonly skips: readonly Skip[];
  readonly divergence?: Divergence;
}

/**
 * Plays the recorded turns of one incarnation against a definition. Uses no clock, no network and no store.
 * @param turns  in order of number; playing begins at the first `start`
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
  const player = new Player(definition, incarnation, history, sealer, level);
  return replayed(player, atOnce(playAll(player, turns)));
}

/** The same in slices. Also detects what the behaviour does after its turns, which is not allowed. */
export async function replayAndSettle(
  ...[definition, incarnation, turns, history, sealer, level]: Parameters<typeof replay>
): Promise<Replayed> {
  const player = new Player(definition, incarnation, history, sealer, level);
  const divergence = await inSlices(playAll(player, turns));
  if (divergence === undefined) await settled();
  return replayed(player, divergence ?? player.late);
}

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

/** Plays a recording turn by turn. The behaviour finds the same environment as when it was recorded. */
export class Player {
  readonly cache = new Cache({ freeze: true });
  readonly core: ActorCore;
  played = 0;
  /** Turns that could not be played, in order. */
  readonly skips: Skip[] = [];
  /** Result of the last turn; `undefined` when it could not be played. */
  done: TurnDone | undefined;
  /** What the last turn said, followed by what went wrong in it. */
  says: readonly Outgoing[] = NOTHING_SAID;
  #lastPlayed: RecordedTurn | undefined;
  readonly #history: History;
  readonly #level: Level;
  readonly #sealer: Sealer | undefined;
  readonly #pending: PendingChanges;
  /** Changes since each key was last delivered, including those that today's definition does not select. */
  readonly #unselected: PendingChanges;
  readonly #incarnation: Incarnation;
  #begun = false;
  #last = 0;

  constructor(
    definition: ActorDefinition,
    incarnation: Incarnation,
    history: History,
    sealer?: Sealer,
    level: Level = 'strict',
  ) {
    installGuard();
    this.#history = history;
    this.#level = level;
    this.#sealer = sealer;
    this.#incarnation = incarnation;
    const { hears } = definition;
    this.#pending = new PendingChanges(hears, (start) => this.core.isAnyCellSet(start));
    this.#unselected = new PendingChanges(everyChange(hears), () => true);
    this.core = new ActorCore(definition, {
      self: incarnation.self,
      view: this.cache,
      seed: incarnation.seed,
      window: incarnation.window,
      freeze: true,
    });
  }

  /** The first thing that today's code did that a behaviour must not do, because it makes its output depend on chance. */
  get violation(): string | undefined {
    const [violation] = this.core.violations;
    return violation && describeViolation(violation);
  }

  /** A violation since the last turn, which itself did not diverge, reported as a divergence of that turn. */
  get late(): Divergence | undefined {
    const { violation } = this;
    if (violation === undefined || this.#lastPlayed === undefined) return undefined;
    return diverged(this.#lastPlayed, violation, this.says);
  }

  /** Number of turns that could not be played. */
  get skipped(): number {
    return this.skips.reduce((sum, { turns }) => sum + turns, 0);
  }

  /**
   * Plays the next turn, with the recorded input, also after a turn that diverged. A turn that cannot be played is skipped,
   * and so are the turns after it up to the next start, which holds the complete state.
   * @returns the divergence, if this turn differs now
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
    // A start does not need lost revisions that are older than its window.
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
    /** The turn said nothing then, and today's definition does not select the change: no decision differs. */
    let sleptThrough = false;
    if (rec.t === 'change') {
      const taken = this.#pending.take();
      before = new Map([...this.#unselected.takeOnly(rec.keys), ...taken.before]);
      if (taken.keys.join() !== rec.keys.join()) {
        sleptThrough = turn.said.length === 0 && taken.keys.every((key) => rec.keys.includes(key));
        otherChange = `it is woken by other changes: recorded ${brief(rec.keys)}; today, by the history, ${brief(taken.keys)}; the actor's declaration has changed, or the history has`;
      }
    }
    const objectBefore = before === undefined ? undefined : (key: Key) => before.get(key);
    const done = this.core.run(rec, turn.now, turn.view, objectBefore);
    this.done = done;
    this.says = outcomeOf(done);
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

  /** Lost revisions that are needed to play this turn. An actor that does not see the store needs none. */
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
    for (const pending of [this.#pending, this.#unselected]) pending.take(); // a start includes every change up to here, or the next turn delivers them
  }

  #moveView(revision: number): void {
    for (const write of this.#history.writes(this.cache.revision, revision)) {
      const change = this.cache.apply(write);
      this.#pending.note(change);
      this.#unselected.note(change);
    }
    this.cache.advance(revision);
  }

  /** At a checkpoint: whether the cells are the recorded ones. */
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
const OTHER_STATE = 'the state in its cells differs from the recorded one';
const SEALED = "its input carries secret data that is sealed; with the cluster's key it can be played";
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
