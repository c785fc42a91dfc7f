import type { LogLine } from '../../contracts/messages/logs.ts';

/** A line longer than this is handed over in pieces: there must be some limit to what waits for its line feed. */
const LINE_BYTES_MAX = 1024 * 1024;
const HEADER_BYTES = 8;
const STDERR = 2;

/**
 * Turns the engine's log stream (asked for with timestamps) into lines. Chunks may be cut anywhere. An entry that does not
 * end in a line feed is the beginning of a longer line, which keeps its first moment.
 */
export class LogParser {
  readonly #onLine: (line: LogLine) => void;
  readonly #tty: boolean;
  #rest: Buffer = Buffer.alloc(0);
  readonly #open: Record<LogLine['stream'], { time: string; parts: Buffer[]; bytes: number } | undefined> = {
    stdout: undefined,
    stderr: undefined,
  };

  /** @param tty  the container has a terminal: the engine sends plain lines, without frames */
  constructor(tty: boolean, onLine: (line: LogLine) => void) {
    this.#tty = tty;
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const used = this.#tty ? this.#lines() : this.#frames();
    this.#rest = this.#rest.subarray(used);
  }

  /** Hands over what never got its line feed. */
  end(): void {
    if (this.#tty && this.#rest.length > 0) this.#entry('stdout', this.#rest);
    this.#flush('stdout');
    this.#flush('stderr');
  }

  #lines(): number {
    let from = 0;
    for (let at = this.#rest.indexOf(0x0a); at >= 0; at = this.#rest.indexOf(0x0a, from)) {
      this.#entry('stdout', this.#rest.subarray(from, at + 1));
      from = at + 1;
    }
    return from;
  }

  #frames(): number {
    let from = 0;
    while (this.#rest.length - from >= HEADER_BYTES) {
      const end = from + HEADER_BYTES + this.#rest.readUInt32BE(from + 4);
      if (end > this.#rest.length) break;
      this.#entry(this.#rest[from] === STDERR ? 'stderr' : 'stdout', this.#rest.subarray(from + HEADER_BYTES, end));
      from = end;
    }
    return from;
  }

  /** One entry: a moment, a space, and text that ends in a line feed when the line ends. */
  #entry(stream: LogLine['stream'], entry: Buffer): void {
    const space = entry.indexOf(0x20);
    if (space < 0) return;
    const whole = entry.at(-1) === 0x0a;
    const text = entry.subarray(space + 1, whole ? -1 : undefined);
    const line = (this.#open[stream] ??= { time: entry.toString('latin1', 0, space), parts: [], bytes: 0 });
    line.parts.push(text);
    line.bytes += text.length;
    if (whole || line.bytes >= LINE_BYTES_MAX) this.#flush(stream);
  }

  #flush(stream: LogLine['stream']): void {
    const line = this.#open[stream];
    if (line === undefined) return;
    this.#open[stream] = undefined;
    const text = line.parts.length === 1 ? line.parts[0] : Buffer.concat(line.parts);
    this.#onLine({ stream, time: line.time, text: (text ?? Buffer.alloc(0)).toString('utf8') });
  }
}
