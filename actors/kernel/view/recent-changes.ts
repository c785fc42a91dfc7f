import type { Change } from '../contract.ts';

/** How many changes a view retains. */
export const WINDOW_CHANGES_MAX = 16_384;

/** The newest changes, oldest first, by ascending revision. */
export class RecentChanges {
  readonly #max: number;
  #changes: Change[] = [];
  #start = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Oldest revision from which `since` answers. */
  get start(): number {
    const evicted = this.#changes[this.#changes.length - this.#max - 1];
    return evicted?.revision ?? this.#start;
  }

  push(change: Change): void {
    // The list grows to twice the window and is then halved, so the amortised cost of dropping is constant. `start` hides
    // the surplus.
    if (this.#changes.length > 2 * this.#max) this.#changes = this.#changes.slice(-this.#max - 1);
    this.#changes.push(change);
  }

  restart(revision: number): void {
    this.#changes = [];
    this.#start = revision;
  }

  since(revision: number): readonly Change[] | undefined {
    if (revision < this.start) return undefined;
    return this.#changes.slice(this.#after(revision));
  }

  #after(revision: number): number {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle] as Change).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
