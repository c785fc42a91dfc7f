/** Entries are removed by advancing an index; the array is cut when this many removed entries precede it. */
const TAKEN_MAX = 1024;

/** An actor's queue, first in first out. Some entries can be held back for a while. */
export class Inbox<E> {
  readonly #mayWait: (entry: E) => boolean;
  #entries: E[] = [];
  /** Entries before this index were taken. */
  #head = 0;
  #held: E[] = [];
  #holding = false;
  #since = 0;

  /** @param mayWait may this entry be held back? */
  constructor(mayWait: (entry: E) => boolean) {
    this.#mayWait = mayWait;
  }

  /** Number of entries, including those held back. */
  get depth(): number {
    return this.#entries.length - this.#head + this.#held.length;
  }
  /** There is no entry to take; entries may be held back. */
  get isEmpty(): boolean {
    return this.#head === this.#entries.length;
  }
  get isHolding(): boolean {
    return this.#holding;
  }
  /** Milliseconds that the oldest entry has waited. */
  get lagMs(): number {
    return this.depth === 0 ? 0 : Math.round(performance.now() - this.#since);
  }

  push(entry: E): void {
    if (this.isEmpty) this.#since = performance.now();
    this.#entries.push(entry);
  }

  take(): E | undefined {
    while (!this.isEmpty) {
      const entry = this.#entries[this.#head] as E;
      this.#entries[this.#head] = undefined as E; // frees the entry now, not when the array is cut
      this.#head += 1;
      if (this.isEmpty || this.#head > TAKEN_MAX) this.#cut();
      if (!this.#holding || !this.#mayWait(entry)) return entry;
      this.#held.push(entry);
    }
    return undefined;
  }

  hold(): void {
    this.#holding = true;
  }

  /** Puts the held entries back at the front. @returns whether there were any */
  release(): boolean {
    this.#holding = false;
    if (this.#held.length === 0) return false;
    this.#cut();
    this.#entries = [...this.#held, ...this.#entries];
    this.#held = [];
    return true;
  }

  #cut(): void {
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}
