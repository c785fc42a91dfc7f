import type { LogLine } from '../../contracts/messages/logs.ts';

/** A longer line is emitted in pieces, to bound what is buffered until a line feed. */
const LINE_BYTES_MAX = 1024 * 1024;
/** The engine stores longer lines as several entries of this size; with a terminal only the size separates them. */
const PIECE_BYTES = 16 * 1024;
const HEADER_BYTES = 8;
const STDERR = 2;
/** The timestamp at the start of every entry. */
const TIME = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) /;
const TIME_BYTES_MAX = 40;

type OpenLine = { readonly time: string; parts: Buffer[]; bytes: number };

/**
 * Parses the engine's log stream (with timestamps) into lines. Chunks may be cut anywhere. An entry that does not end in a
 * line feed starts a longer line, which keeps its first timestamp.
 */
export class LogParser {
  readonly #onLine: (line: LogLine) => void;
  readonly #tty: boolean;
  #rest: Buffer = Buffer.alloc(0);
  readonly #open: Record<LogLine['stream'], OpenLine | undefined> = { stdout: undefined, stderr: undefined };
  /** The time of the line emitted last; used for a continuation without a timestamp. */
  #lastTime = '';

  /** @param tty  the container has a terminal: the engine sends plain lines without frames */
  constructor(tty: boolean, onLine: (line: LogLine) => void) {
    this.#tty = tty;
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const used = this.#tty ? this.#lines() : this.#frames();
    this.#rest = this.#rest.subarray(used);
  }

  /** Emits what is left without a line feed. */
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
    this.#entry('stdout', this.#rest.subarray(from)); // e.g. a progress bar, which has no line feed
    return this.#rest.length;
  }

  /** Where a terminal's entry ends: after its line feed, or where a piece is full and another timestamp follows. */
  #entryEnd(from: number): number | undefined {
    const feed = this.#rest.indexOf(0x0a, from);
    const piece = from + (timestampAt(this.#rest, from)?.length ?? 0) + 1 + PIECE_BYTES;
    const full = (feed < 0 || feed >= piece) && timestampAt(this.#rest, piece) !== undefined;
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

  /** One entry: a timestamp, a space, and text, with a line feed where the line ends. */
  #entry(stream: LogLine['stream'], entry: Buffer): void {
    const time = timestampAt(entry, 0);
    const whole = entry.at(-1) === 0x0a;
    const text = entry.subarray(time === undefined ? 0 : time.length + 1, whole ? -1 : undefined);
    const line = (this.#open[stream] ??= { time: time ?? this.#lastTime, parts: [], bytes: 0 });
    line.parts.push(text);
    line.bytes += text.length;
    if (whole) this.#flush(stream);
    else if (line.bytes >= LINE_BYTES_MAX) this.#flushPiece(stream, line, time ?? line.time);
  }

  /** Cuts no character in two: the bytes of an incomplete one go into the next piece. */
  #flushPiece(stream: LogLine['stream'], line: OpenLine, nextTime: string): void {
    const text = Buffer.concat(line.parts);
    const end = text.length - incompleteCharacterBytes(text);
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

const timestampAt = (text: Buffer, at: number): string | undefined =>
  at >= text.length ? undefined : TIME.exec(text.toString('latin1', at, at + TIME_BYTES_MAX))?.[1];

/** The number of bytes at the end that start an incomplete UTF-8 character. */
function incompleteCharacterBytes(text: Buffer): number {
  for (let back = 1; back <= 3 && back <= text.length; back += 1) {
    const byte = text[text.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue; // a continuation byte
    const bytes = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return bytes > back ? back : 0;
  }
  return 0;
}
