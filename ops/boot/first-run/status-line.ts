/** Where a `StatusLine` is written: standard output, or a recorder in tests. */
export interface LineOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const CLEAR = '\r\x1b[K';

/**
 * A line at the bottom of the terminal that is replaced when it changes; other output is printed above it. When the output is not a
 * terminal, each change is a line of its own.
 */
export class StatusLine {
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

  /** Prints lines above it. */
  print(text: string): void {
    this.#output.write(this.#live && this.#shown !== '' ? `${CLEAR}${text}\n${this.#shown}` : `${text}\n`);
  }

  /** Keeps the line as it is; the next one begins below. */
  finish(): void {
    if (this.#live && this.#shown !== '') this.#output.write('\n');
    this.#shown = '';
  }

  get #live(): boolean {
    return this.#output.isTTY === true;
  }
}
