import { INTERRUPTED, TERMINATED } from './render-error.ts';
import { painter, type Painter, wantsColour } from './style.ts';

/** What a command speaks to: the process in life, a recorder in tests. */
export interface Terminal {
  /** To stdout: what programs read. */
  out(text: string): void;
  /** One line to stderr: what only people read. */
  tell(line: string): void;
  /** Colours for stdout; none unless it is a terminal. */
  readonly paint: Painter;
  /** Does a person sit at stdout? */
  readonly interactive: boolean;
  /** Milliseconds since the Unix epoch, for ages. */
  now(): number;
  /**
   * Aborted by Ctrl-C or SIGTERM; what streams ends then. Until a command asks for it either ends the process at once: who
   * takes it must heed it.
   */
  readonly signal: AbortSignal;
}

/** The terminal of this process. Call once. */
export function processTerminal(): Terminal {
  const stop = new AbortController();
  let heeded = false;
  const interrupt = (name: NodeJS.Signals): void => {
    // A second Ctrl-C does not wait for anything.
    if (!heeded || stop.signal.aborted) process.exit(name === 'SIGINT' ? INTERRUPTED : TERMINATED);
    stop.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  // `troupe get pods | head`: the reader has left; that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    out: (text) => void process.stdout.write(text),
    tell: (line) => void process.stderr.write(`${line}\n`),
    paint: painter(wantsColour(process.stdout, process.env)),
    interactive: process.stdout.isTTY === true,
    now: () => Date.now(),
    get signal() {
      heeded = true;
      return stop.signal;
    },
  };
}
