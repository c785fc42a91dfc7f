import type { Millis } from '../contract.ts';

const CHECKPOINT_TURNS = 4_096;
/** A quiet actor's checkpoints, so that no part of a recording is far from a start that it can be played from. */
const CHECKPOINT_MS = 900_000;
/** How long calls may be held back so that the asks in flight end and a checkpoint can be taken. */
const HOLD_MS = 100;
const HOLD_MS_MAX = 400;

/**
 * When an incarnation's checkpoints are due. One waits for a moment without an open ask. Such a moment is made by holding
 * calls back for a while; where that fails, the next one that comes by itself is taken, and calls are held back again,
 * for longer, only after as many turns more.
 */
export class CheckpointSchedule {
  /** Of the last checkpoint, or of the beginning. */
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

  /** How long calls are held back at most. */
  get holdMs(): number {
    return this.#holdMs;
  }

  /** One is wanted as soon as can be. */
  want(): void {
    this.#wanted = true;
  }

  /** A change was not told, and is in the view: the next checkpoint looks back no further than others do. */
  passedOver(): void {
    this.#hasMoved = true;
  }

  due(turns: number, now: Millis): boolean {
    if (this.#wanted) return turns > 0;
    const since = turns - this.#turns;
    const isQuiet = since === 0 && !(this.#hasMoved && turns > 0);
    return since >= CHECKPOINT_TURNS || (!isQuiet && now - this.#at >= CHECKPOINT_MS);
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

  /** One is due, and could not be taken. @returns what to do with calls, if anything */
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
