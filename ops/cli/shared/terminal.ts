import { exitCodeOf, isClosedPipe, onShutdown, type ShutdownReason } from '../../boot/supervision/shutdown-signal.ts';
import { type Painter, painter, wantsColour } from './colours.ts';
import { FAILURE, INTERRUPTED } from './render-error.ts';

/** What a command speaks to: the process in life, a recorder in tests. */
export interface Terminal {
  /** To stdout: what programs read. That it cannot be written, on a full disk, is a failure, unless it is but news. */
  out(text: string, as?: 'news'): void;
  /** To stdout, as they are: a file that somebody wants to pass on. Failures as those of `out`. */
  outBytes(bytes: Uint8Array): void;
  /** One line to stderr: what only people read. */
  tell(line: string): void;
  /** Colours for stdout; none unless it is a terminal. */
  readonly paint: Painter;
  /** Does a person sit at stdout? */
  readonly interactive: boolean;
  /** The exit code is what counts: goes on to the end though whoever read the output has left. */
  outlastReader(): void;
  /** Milliseconds since the Unix epoch, for ages. */
  now(): number;
  /**
   * Aborted by Ctrl-C, SIGTERM, a terminal that is closed, or a reader that has left; what streams ends then. Until a command
   * asks for it each of them ends the process at once: who takes it must heed it.
   */
  readonly signal: AbortSignal;
}

/** The terminal of this process. Call once. */
export function processTerminal(): Terminal {
  const stop = new AbortController();
  let heeded = false;
  let outlasts = false;
  const end = (why: ShutdownReason): boolean => {
    if (why === 'stdout-closed' && outlasts) return false;
    if (heeded) {
      // `troupe get pods -w | head -1`: the reader has left; that is no failure.
      if (why === 'stdout-closed') process.once('exit', () => (process.exitCode = 0));
      stop.abort();
    } else if (why !== 'stderr-closed') process.exit(exitCodeOf(why));
    return heeded;
  };
  onShutdown(end, () => process.exit(INTERRUPTED));
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  const told = new Set<'news' | undefined>();
  const lost = ({ message }: Error, as: 'news' | undefined): void => {
    if (told.has(as)) return;
    told.add(as);
    const then = as === 'news' ? 'what is said there is lost, the rest goes on' : 'make room, or write it elsewhere';
    tell(`troupe: write to standard output: ${message}; ${then}`);
    if (as === 'news') return;
    process.once('exit', () => (process.exitCode = FAILURE)); // what was begun is done first
    if (heeded) stop.abort();
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
    outlastReader: () => {
      outlasts = true;
    },
    now: () => Date.now(),
    get signal() {
      heeded = true;
      return stop.signal;
    },
  };
}
