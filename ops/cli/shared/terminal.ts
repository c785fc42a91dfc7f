import type { Readable, Writable } from 'node:stream';
import type { TerminalSize } from '../../../contracts/messages/sessions.ts';
import { exitCodeOf, isClosedPipe, onShutdown, type ShutdownReason } from '../../boot/supervision/shutdown-signal.ts';
import { type Painter, painter, wantsColour } from './colours.ts';
import { FAILURE, INTERRUPTED } from './render-error.ts';

/** The input and output of a command: the process, or a recorder in tests. */
export interface Terminal {
  /** Writes results to stdout. A write error, such as a full disk, makes the command fail, unless the text is only `news`. */
  out(text: string, as?: 'news'): void;
  /** Writes bytes to stdout unchanged, for a file that is piped on. Errors as for `out`. */
  outBytes(bytes: Uint8Array): void;
  /** Writes one line to stderr, for people. */
  tell(line: string): void;
  /** Colours for stdout; none unless it is a terminal. */
  readonly paint: Painter;
  /** Is stdout a terminal? */
  readonly interactive: boolean;
  /** Standard input, output and error as streams of bytes, for a command that lends them to a program. */
  readonly streams: TerminalStreams;
  /** Lets the command run to its end after the reader of its output is gone, because its exit code counts. */
  outlastReader(): void;
  /** Milliseconds since the Unix epoch, for ages. */
  now(): number;
  /**
   * Aborted by Ctrl-C, SIGTERM, a closed terminal, or a closed output. Until a command reads this property, each of these ends the
   * process at once; afterwards the command itself must stop.
   */
  readonly signal: AbortSignal;
}

export interface TerminalStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Is stdin a terminal? */
  readonly isTerminal: boolean;
  /** Hands over each key as it is typed, Ctrl-C too, and shows none. */
  setRaw(raw: boolean): void;
  /** Of the terminal; `undefined` where there is none. */
  size(): TerminalSize | undefined;
  /** @returns stops the calls */
  onResize(listener: () => void): () => void;
}

const processStreams: TerminalStreams = {
  get stdin() {
    return process.stdin;
  },
  get stdout() {
    return process.stdout;
  },
  get stderr() {
    return process.stderr;
  },
  get isTerminal() {
    return process.stdin.isTTY === true;
  },
  setRaw: (raw) => void (process.stdin.isTTY === true && process.stdin.setRawMode(raw)),
  size: () => {
    const { isTTY, columns: width, rows: height } = process.stdout;
    return isTTY === true ? { width, height } : undefined;
  },
  onResize: (listener) => {
    process.stdout.on('resize', listener);
    return () => process.stdout.off('resize', listener);
  },
};

/** The terminal of this process. Call once. */
export function processTerminal(): Terminal {
  const stop = new AbortController();
  let handled = false;
  let outlasts = false;
  const end = (why: ShutdownReason): boolean => {
    if (why === 'stdout-closed' && outlasts) return false;
    if (handled) {
      // `troupe get pods -w | head -1`: a reader that is gone is no failure.
      if (why === 'stdout-closed') process.once('exit', () => (process.exitCode = 0));
      stop.abort();
    } else if (why !== 'stderr-closed') process.exit(exitCodeOf(why));
    return handled;
  };
  onShutdown(end, () => process.exit(INTERRUPTED));
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  const reported = new Set<'news' | undefined>();
  const lost = ({ message }: Error, as: 'news' | undefined): void => {
    if (reported.has(as)) return;
    reported.add(as);
    const then = as === 'news' ? 'messages are lost, the command continues' : 'free some space, or write it elsewhere';
    tell(`troupe: write to standard output: ${message}; ${then}`);
    if (as === 'news') return;
    process.once('exit', () => (process.exitCode = FAILURE)); // the command finishes first
    if (handled) stop.abort();
  };
  const write = (what: string | Uint8Array, as?: 'news'): void =>
    void process.stdout.write(what, (error) => {
      if (error instanceof Error && !isClosedPipe(error)) lost(error, as);
    });
  return {
    out: write,
    outBytes: (bytes) => write(bytes),
    tell,
    paint: painter(wantsColour(process.stdout, process.env)),
    interactive: process.stdout.isTTY === true,
    streams: processStreams,
    outlastReader: () => {
      outlasts = true;
    },
    now: () => Date.now(),
    get signal() {
      handled = true;
      return stop.signal;
    },
  };
}
