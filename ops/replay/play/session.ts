import {
  type ActorDefinition,
  Cache,
  type Divergence,
  type Json,
  type Level,
  openRec,
  Player,
  type RecordedTurn,
  type Sealer,
  settled,
} from '../../../actors/kernel/replay-api.ts';
import type { Playable } from '../read/playable.ts';
import { RememberingHistory } from '../read/remembering-history.ts';
import { CellLog } from './cell-log.ts';
import { planUnplayed, type Unplayed } from './plan-unplayed.ts';
import type { AskOpen, Cells, Frame, TimerOpen } from './session-frame.ts';

/** Played turns that are kept, so that going back is cheap; older ones are played again from a checkpoint. */
const FRAMES_MAX = 4_096;
/** Most bytes that the kept turns may have said. */
const FRAMES_BYTES_MAX = 64 * 1024 * 1024;

export interface SessionOptions {
  readonly level?: Level;
  readonly framesMax?: number;
}

/**
 * A recording that is stepped through. A session is at one turn; it goes forward by playing, and back by returning to a kept
 * turn or by playing again from a checkpoint. Pure over its arguments: no clock, no file, no network.
 */
export class ReplaySession {
  readonly playable: Playable;
  readonly definition: ActorDefinition;
  /** Divergences found so far, by the index of the turn. */
  readonly divergences = new Map<number, Divergence>();
  /** For each turn that was tried, by index, why it could not be played; undefined = it was played. */
  readonly #tried = new Map<number, string | undefined>();
  readonly #options: SessionOptions;
  readonly #history: RememberingHistory;
  /** Indexes of the turns at which playing may begin. */
  readonly #starts: readonly number[];
  #player: Player;
  #log = new CellLog();
  #frames: Frame[] = [];
  /** Index of the last turn played; -1 = none. */
  #frontier = -1;
  #position = -1;
  #asks: readonly AskOpen[] = [];
  #timers: readonly TimerOpen[] = [];
  #bytes = 0;
  /** The violation that was already reported as the divergence of a turn. */
  #named: string | undefined;
  #viewed: { readonly revision: number; readonly cache: Cache } | undefined;

  constructor(playable: Playable, definition: ActorDefinition, options: SessionOptions = {}) {
    this.playable = playable;
    this.#history = new RememberingHistory(playable.history);
    this.definition = definition;
    this.#options = options;
    this.#starts = playable.turns.flatMap(({ rec }, at) => (rec.t === 'start' ? [at] : []));
    this.#player = this.#newPlayer();
  }

  get turns(): readonly RecordedTurn[] {
    return this.playable.turns;
  }
  /** Index of the current turn; -1 = before the first. */
  get position(): number {
    return this.#position;
  }
  get atEnd(): boolean {
    return this.#position === this.turns.length - 1;
  }
  /** The current turn. */
  get frame(): Frame | undefined {
    return this.#frameAt(this.#position);
  }

  /** One turn forward. @returns undefined at the end */
  step(): Frame | undefined {
    if (this.atEnd) return undefined;
    if (this.#position === this.#frontier) this.#play();
    this.#position += 1;
    return this.frame;
  }

  /** One turn back. @returns undefined at the beginning */
  back(): Frame | undefined {
    if (this.#position < 0) return undefined;
    this.goto(this.#position - 1);
    return this.frame;
  }

  /** Goes to the turn of that index, -1 = before the first. @throws RangeError when there is none */
  goto(index: number): Frame | undefined {
    if (index < -1 || index >= this.turns.length)
      throw new RangeError(`goto ${index}: the recording has turns 0 to ${this.turns.length - 1}`);
    const start = this.#startBefore(index);
    const forgotten = index <= this.#frontier && this.#frames[0]?.index !== 0 && this.#frameAt(index) === undefined;
    if (forgotten || start > this.#frontier) this.#beginAt(start);
    while (this.#frontier < index) this.#play();
    this.#position = index;
    return this.frame;
  }

  /** Goes forward until `stop` returns a reason, or to the end. */
  run<W>(stop: (frame: Frame) => W | undefined): W | undefined {
    for (let frame = this.step(); frame !== undefined; frame = this.step()) {
      const why = stop(frame);
      if (why !== undefined) return why;
    }
    return undefined;
  }

  /** Number of turns tried so far, and why some could not be played. */
  get tried(): { readonly turns: number; readonly unplayed: readonly Unplayed[] } {
    return { turns: this.#tried.size, unplayed: planUnplayed(this.#tried.values()) };
  }

  /** The first violation of a behaviour's contract so far. */
  get violation(): string | undefined {
    return this.#player.violation;
  }

  /** Runs pending work of the behaviour, and reports a violation in it. @returns that divergence, once */
  async settle(): Promise<Divergence | undefined> {
    await settled();
    return this.noteLate();
  }

  /**
   * Reports a violation since the last turn was played, as a divergence of that turn.
   * @returns that divergence, once
   */
  noteLate(): Divergence | undefined {
    const what = this.violation;
    const frame = this.#frames.at(-1);
    if (what === undefined || what === this.#named || frame === undefined) return undefined;
    const { turn, says } = frame;
    const { n, now, rec, said } = turn;
    const divergence: Divergence = { turn: n, now, rec, what, saidThen: said, saidNow: says };
    this.#named = what;
    this.divergences.set(frame.index, divergence);
    this.#frames[this.#frames.length - 1] = { ...frame, divergence };
    return divergence;
  }

  /** The cells that do not have their initial values, by name. */
  cells(): Cells {
    const cells = new Map<string, Json>(this.#log.values);
    for (let at = this.#frontier; at > this.#position; at--) {
      for (const { name, before } of this.#frameAt(at)?.cells ?? []) {
        if (before === undefined) cells.delete(name);
        else cells.set(name, before);
      }
    }
    return Object.fromEntries([...cells].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Revision that the current turn sees. */
  get revision(): number {
    return this.turns[this.#position]?.view['objects'] ?? 0;
  }

  /** The cache as the actor saw it at this turn. */
  view(): Cache {
    if (this.revision === this.#player.cache.revision) return this.#player.cache;
    return this.viewAt(this.revision);
  }

  /** Every object as of a revision. */
  viewAt(revision: number): Cache {
    if (this.#viewed?.revision !== revision) {
      const cache = new Cache();
      cache.relist(this.#history.stateAt(revision), revision);
      this.#viewed = { revision, cache };
    }
    return this.#viewed.cache;
  }

  /* Playing. */

  #newPlayer(): Player {
    const { incarnation, sealer } = this.playable;
    const definition = this.#log.listenTo(this.definition);
    return new Player(definition, incarnation, this.#history, sealer, this.#options.level);
  }

  /** Index of the last start at or before a turn. */
  #startBefore(index: number): number {
    let best = 0; // turns before the first start cannot be played
    for (const start of this.#starts) {
      if (start > index) break;
      best = start;
    }
    return best;
  }

  #beginAt(start: number): void {
    this.#log = new CellLog();
    this.#player = this.#newPlayer();
    this.#frames = [];
    this.#bytes = 0;
    this.#named = undefined;
    this.#asks = [];
    this.#timers = [];
    this.#frontier = start - 1;
  }

  #frameAt(index: number): Frame | undefined {
    return this.#frames[index - (this.#frontier - this.#frames.length + 1)];
  }

  #play(): void {
    const index = this.#frontier + 1;
    const turn = this.turns[index] as RecordedTurn;
    const { rec, now } = turn;
    if (rec.t === 'start') this.#log.load(cellsOf(turn, this.playable.sealer));
    if (rec.t === 'start' && this.#frames.length === 0) this.#log.take(); // it continues with the recorded cells and changes none
    const divergence = this.#player.play(turn);
    const { done } = this.#player;
    const fired = rec.t === 'due' ? this.#timers.filter(({ due }) => due <= now) : NO_TIMERS;
    if (done !== undefined) this.#noteOpen(turn);
    if (divergence !== undefined) this.divergences.set(index, divergence);
    if (divergence !== undefined && divergence.what === this.violation) this.#named = divergence.what;
    const { says } = this.#player;
    const unplayed = done === undefined ? (this.#player.skips.at(-1)?.what ?? 'it was recorded twice') : undefined;
    this.#tried.set(index, unplayed);
    this.#keep({
      index,
      turn,
      unplayed,
      says,
      divergence,
      cells: this.#log.take(),
      asks: this.#asks,
      timers: this.#timers,
      fired,
      reports: [
        ...(done?.reports ?? []).map(({ key, error }) => `${key}: ${textOf(error)}`),
        ...(done?.failed === undefined ? [] : [`the turn failed: ${textOf(done.failed)}`]),
      ],
    });
    this.#frontier = index;
  }

  /** Notes the requests and timers that are open after this turn. */
  #noteOpen({ n, now }: RecordedTurn): void {
    const { core, done } = this.#player;
    const asked = (done?.out ?? []).flatMap(({ id, said, timeoutMs }): AskOpen[] =>
      timeoutMs === undefined ? [] : [{ id, say: said.say, subject: said.subject, turn: n, now, timeoutMs }],
    );
    if (asked.length > 0 || core.openAsks !== this.#asks.length)
      this.#asks = [...this.#asks, ...asked].filter(({ id }) => core.isAskOpen(id));
    const timers = core.timers;
    if (timers.length === this.#timers.length && timers.every(({ serial }, at) => serial === this.#timers[at]?.serial))
      return;
    const known = new Map(this.#timers.map((timer) => [timer.serial, timer]));
    this.#timers = timers.map(({ due, serial }) => known.get(serial) ?? { due, serial, turn: n });
  }

  #keep(frame: Frame): void {
    const weight = (kept: Frame): number => kept.says.reduce((sum, { bytes }) => sum + bytes.length, 256);
    this.#frames.push(frame);
    this.#bytes += weight(frame);
    const most = this.#options.framesMax ?? FRAMES_MAX;
    // Frames are dropped in bulk, half of them at a time.
    if (this.#frames.length < 2 * most && this.#bytes < FRAMES_BYTES_MAX) return;
    const kept = this.#frames.slice(-Math.max(1, Math.min(most, this.#frames.length >>> 1)));
    this.#frames = kept;
    this.#bytes = kept.reduce((sum, one) => sum + weight(one), 0);
  }
}

/** The cells that a start begins with. */
function cellsOf(turn: RecordedTurn, sealer: Sealer | undefined): Cells {
  const rec = turn.sealed === true ? openRec(turn.rec, sealer) : turn.rec;
  return (rec?.t === 'start' ? rec.checkpoint?.cells : undefined) ?? {};
}

const NO_TIMERS: readonly TimerOpen[] = [];
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
