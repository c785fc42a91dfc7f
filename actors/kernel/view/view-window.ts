import type { Millis } from '../contract.ts';

/**
 * How far back an actor may look at least. Longer than any reader takes to come back to a watch, and short, since whoever
 * keeps recordings must keep the history so far back.
 */
const WINDOW_MS = 600_000;
const MARK_EVERY_MS = 60_000;

/** The oldest revision from which one actor's view says what changed since: it moves up at checkpoints, never in between. */
export class ViewWindow {
  #start: number;
  /** Where the view stood at checkpoints that are not old enough yet, oldest first. */
  #marks: { readonly at: Millis; readonly revision: number }[] = [];

  /** @param revision where the view stands when the actor begins */
  constructor(revision: number) {
    this.#start = revision;
  }

  /** The window at a checkpoint. */
  at(now: Millis): number {
    const young = this.#marks.findIndex(({ at }) => at > now - WINDOW_MS);
    const old = young < 0 ? this.#marks : this.#marks.slice(0, young);
    this.#marks = young < 0 ? [] : this.#marks.slice(young);
    this.#start = old.at(-1)?.revision ?? this.#start;
    return this.#start;
  }

  /** What was before that revision is lost to whoever plays this back: from the next checkpoint on nobody looks there. */
  forgetBefore(revision: number): void {
    this.#start = Math.max(this.#start, revision);
    this.#marks = this.#marks.filter((mark) => mark.revision >= revision);
  }

  /** A checkpoint was taken. */
  mark(at: Millis, revision: number): void {
    if (at - (this.#marks.at(-1)?.at ?? Number.NEGATIVE_INFINITY) >= MARK_EVERY_MS) this.#marks.push({ at, revision });
  }
}
