import type { Millis } from '../contract.ts';

const CHECKPOINT_TURNS = 4_096;
/** Longest interval between checkpoints of a quiet actor: a replay can start only at a checkpoint. */
const CHECKPOINT_MS = 900_000;
/** How long calls may be held back so that open asks finish and a checkpoint can be taken. */
const HOLD_MS = 100;
const HOLD_MS_MAX = 400;

/**
 * Decides when an incarnation's checkpoints are due. A checkpoint needs a moment in which no ask is open but those that may
 * last. To get one, calls are
 * held back for a while. If that fails, the next such moment is used when it occurs by itself; only after another
 * `CHECKPOINT_TURNS` turns are calls held back again, for longer.
 */
export class CheckpointSchedule {
  /** Time of the last checkpoint, or of the start. */
  #at: Millis;
  #turns = 0;
  #holdMs = HOLD_MS;
  /** By `performance.now()`; set while calls are held back. */
  #holdUntil: number | undefined;
  #wanted = false;
  #hasMoved = false;
  /** Turns from which on calls may be held back again. */
  #holdAfter = 0;

  constructor(now: Millis) {
    this.#at = now;
  }

  /** How long calls are held back, at most. */
  get holdMs(): number {
    return this.#holdMs;
  }

  /** Requests a checkpoint as soon as possible. */
  want(): void {
    this.#wanted = true;
  }

  /** The view moved by a change that caused no turn, so an idle actor needs a new checkpoint too. */
  passedOver(): void {
    this.#hasMoved = true;
  }

  due(turns: number, now: Millis): boolean {
    if (this.#wanted) return turns > 0;
    const since = turns - this.#turns;
    const isQuiet = since === 0 && !(this.#hasMoved && turns > 0);
    return since >= CHECKPOINT_TURNS || (!isQuiet && now - this.#at >= CHECKPOINT_MS);
  }

  /** Is a checkpoint due by the number of turns? Cheap: asked after every turn, as a busy actor has moments without open asks in between. */
  overdue(turns: number): boolean {
    return turns - this.#turns >= CHECKPOINT_TURNS;
  }

  taken(turns: number, now: Millis): void {
    this.#at = now;
    this.#turns = turns;
    this.#wanted = false;
    this.#hasMoved = false;
    this.#holdMs = HOLD_MS;
    this.#holdUntil = undefined;
    this.#holdAfter = 0;
  }

  /** A due checkpoint could not be taken. @returns whether to hold calls back now, or to release them */
  missed(turns: number): 'hold' | 'release' | undefined {
    const now = performance.now();
    if (this.#holdUntil === undefined) {
      if (turns < this.#holdAfter) return undefined;
      this.#holdUntil = now + this.#holdMs;
      return 'hold';
    }
    if (now < this.#holdUntil) return undefined;
    this.#holdUntil = undefined;
    this.#holdMs = Math.min(2 * this.#holdMs, HOLD_MS_MAX);
    this.#holdAfter = turns + CHECKPOINT_TURNS;
    return 'release';
  }
}
