import type { LogLine, LogLines } from '../contracts/messages/logs.ts';

const BYTES_MAX = 1024 * 1024;
/** Each line also has a time and a stream, so that many short lines need a limit too. */
const LINES_MAX = 10_000;

/** The lines of one answer, up to the limits of a message. */
export class LogPage {
  readonly #bytesMax: number;
  readonly #lines: LogLine[] = [];
  #bytes = 0;
  #truncated = false;

  constructor(limitBytes = BYTES_MAX) {
    this.#bytesMax = Math.min(limitBytes, BYTES_MAX);
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  add(line: LogLine): void {
    this.#bytes += Buffer.byteLength(line.text) + 1;
    // At least one line, or a client could never get past a long one.
    const full = this.#bytes > this.#bytesMax || this.#lines.length >= LINES_MAX;
    this.#truncated ||= full && this.#lines.length > 0;
    if (!this.#truncated) this.#lines.push(line);
  }

  answer(): Omit<LogLines, 'ended'> {
    return this.#truncated ? { lines: this.#lines, truncated: true } : { lines: this.#lines };
  }
}
