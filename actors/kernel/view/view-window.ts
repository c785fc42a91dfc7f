import type { Millis } from '../contract.ts';

/**
 * How far back an actor may look, at least. Longer than a client takes to resume a watch; short, because recordings need the
 * history of this time.
 */
const WINDOW_MS = 600_000;
const MARK_EVERY_MS = 60_000;

/** The oldest revision from which an actor's view answers `since`. It moves forward at checkpoints only. */
export class ViewWindow {
  #start: number;
  /** Revisions of the view at checkpoints that are younger than the window, oldest first. */
  #marks: { readonly at: Millis; readonly revision: number }[] = [];

  /** @param revision the view's revision when the actor starts */
  constructor(revision: number) {
    this.#start = revision;
  }

  /** The oldest revision for `since` from a checkpoint at `now` on. */
  at(now: Millis): number {
    const young = this.#marks.findIndex(({ at }) => at > now - WINDOW_MS);
    const old = young < 0 ? this.#marks : this.#marks.slice(0, young);
    this.#marks = young < 0 ? [] : this.#marks.slice(young);
    this.#start = old.at(-1)?.revision ?? this.#start;
    return this.#start;
  }

  /** The history before `revision` is lost to replays: from the next checkpoint on the window does not reach back so far. */
  forgetBefore(revision: number): void {
    this.#start = Math.max(this.#start, revision);
    this.#marks = this.#marks.filter((mark) => mark.revision >= revision);
  }

  /** A checkpoint was taken. */
  mark(at: Millis, revision: number): void {
    if (at - (this.#marks.at(-1)?.at ?? Number.NEGATIVE_INFINITY) >= MARK_EVERY_MS) this.#marks.push({ at, revision });
  }
}
