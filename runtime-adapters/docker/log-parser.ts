import type { LogLine } from '../../contracts/messages/logs.ts';

/** A line longer than this is handed over in pieces: there must be some limit to what waits for its line feed. */
const LINE_BYTES_MAX = 1024 * 1024;
/** The engine keeps longer lines in pieces of this size, each an entry; on a terminal nothing else sets them apart. */
const PIECE_BYTES = 16 * 1024;
const HEADER_BYTES = 8;
const STDERR = 2;
/** With which the engine begins every entry. */
const MOMENT = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) /;
const MOMENT_BYTES_MAX = 40;

type OpenLine = { readonly time: string; parts: Buffer[]; bytes: number };

/**
 * Turns the engine's log stream (asked for with timestamps) into lines. Chunks may be cut anywhere. An entry that does not
 * end in a line feed is the beginning of a longer line, which keeps its first moment.
 */
export class LogParser {
  readonly #onLine: (line: LogLine) => void;
  readonly #tty: boolean;
  #rest: Buffer = Buffer.alloc(0);
  readonly #open: Record<LogLine['stream'], OpenLine | undefined> = { stdout: undefined, stderr: undefined };
  /** Of what was handed over last: what goes on without a moment of its own is of that one. */
  #lastTime = '';

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
    for (let to = this.#entryEnd(from); to !== undefined; to = this.#entryEnd(from)) {
      this.#entry('stdout', this.#rest.subarray(from, to));
      from = to;
    }
    if (this.#rest.length - from < LINE_BYTES_MAX) return from;
    this.#entry('stdout', this.#rest.subarray(from)); // such as a progress bar, which never gets a line feed
    return this.#rest.length;
  }

  /** Where the entry of a terminal ends: behind its line feed, or where a piece is full and the next one's moment follows. */
  #entryEnd(from: number): number | undefined {
    const feed = this.#rest.indexOf(0x0a, from);
    const piece = from + (momentOf(this.#rest, from)?.length ?? 0) + 1 + PIECE_BYTES;
    const full = (feed < 0 || feed >= piece) && momentOf(this.#rest, piece) !== undefined;
    if (full) return piece;
    return feed < 0 ? undefined : feed + 1;
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
    const moment = momentOf(entry, 0);
    const whole = entry.at(-1) === 0x0a;
    const text = entry.subarray(moment === undefined ? 0 : moment.length + 1, whole ? -1 : undefined);
    const line = (this.#open[stream] ??= { time: moment ?? this.#lastTime, parts: [], bytes: 0 });
    line.parts.push(text);
    line.bytes += text.length;
    if (whole) this.#flush(stream);
    else if (line.bytes >= LINE_BYTES_MAX) this.#flushPiece(stream, line, moment ?? line.time);
  }

  /** No character is cut in two: what has begun goes with the next piece. */
  #flushPiece(stream: LogLine['stream'], line: OpenLine, nextTime: string): void {
    const text = Buffer.concat(line.parts);
    const end = text.length - begunCharacterBytes(text);
    line.parts = [text.subarray(0, end)];
    this.#flush(stream);
    if (end < text.length)
      this.#open[stream] = { time: nextTime, parts: [text.subarray(end)], bytes: text.length - end };
  }

  #flush(stream: LogLine['stream']): void {
    const line = this.#open[stream];
    if (line === undefined) return;
    this.#open[stream] = undefined;
    this.#lastTime = line.time;
    const text = line.parts.length === 1 ? line.parts[0] : Buffer.concat(line.parts);
    this.#onLine({ stream, time: line.time, text: (text ?? Buffer.alloc(0)).toString('utf8') });
  }
}

const momentOf = (text: Buffer, at: number): string | undefined =>
  at >= text.length ? undefined : MOMENT.exec(text.toString('latin1', at, at + MOMENT_BYTES_MAX))?.[1];

/** How many bytes at the end are the beginning of a UTF-8 character that goes on. */
function begunCharacterBytes(text: Buffer): number {
  for (let back = 1; back <= 3 && back <= text.length; back += 1) {
    const byte = text[text.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue; // goes on with a character
    const bytes = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return bytes > back ? back : 0;
  }
  return 0;
}
