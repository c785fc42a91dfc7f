/** Where a `LiveLine` writes: standard output, or a recorder in tests. */
export interface LineOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const CLEAR = '\r\x1b[K';

/**
 * One line at the bottom that is written over on a terminal, and that other lines push down; where nobody looks, each
 * of its changes is a line of its own.
 */
export class LiveLine {
  readonly #output: LineOutput;
  #shown = '';

  constructor(output: LineOutput) {
    this.#output = output;
  }

  /** Replaces the line. */
  show(line: string): void {
    if (line === this.#shown) return;
    this.#shown = line;
    this.#output.write(this.#live ? `${CLEAR}${line}` : `${line}\n`);
  }

  /** Writes lines above it. */
  print(text: string): void {
    this.#output.write(this.#live && this.#shown !== '' ? `${CLEAR}${text}\n${this.#shown}` : `${text}\n`);
  }

  /** Leaves the line as it is; the next one begins below. */
  leave(): void {
    if (this.#live && this.#shown !== '') this.#output.write('\n');
    this.#shown = '';
  }

  get #live(): boolean {
    return this.#output.isTTY === true;
  }
}
