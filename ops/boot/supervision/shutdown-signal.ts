import { constants } from 'node:os';
import { outliveTerminal } from './outlive-terminal.ts';

const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Why a process should end: a signal, or the reader of its standard output or standard error is gone. */
export type ShutdownReason = (typeof NAMES)[number] | 'stdout-closed' | 'stderr-closed';

/** The exit code as a shell reports it; a reader that is gone is no failure. */
export const exitCodeOf = (reason: ShutdownReason): number =>
  reason === 'stdout-closed' || reason === 'stderr-closed' ? 0 : 128 + constants.signals[reason];

/** Is this error of a stream that of a reader that is gone? Others, such as a full disk, may pass and are for the writer to handle. */
export const isClosedPipe = ({ code }: NodeJS.ErrnoException): boolean => code === 'EPIPE' || code === 'EIO';

/** npm forwards Ctrl-C, which the terminal sends to all of its processes: a repetition within this time does not count. */
const ECHO_MS = 500;

/**
 * Handles the reasons for this process to end: Ctrl-C, SIGTERM, a closed terminal, or a closed output. Once `end` has returned
 * true, further reasons are ignored, since a closed terminal gives several; only a second Ctrl-C calls `hurry`.
 * @param end   begins the shutdown; returns `false` to ignore the reason
 * @param hurry called on a second Ctrl-C, to end at once
 */
export function onShutdown(end: (why: ShutdownReason) => boolean, hurry: () => void): void {
  outliveTerminal();
  let since: number | undefined;
  const hear = (why: ShutdownReason): void => {
    const now = performance.now();
    if (since === undefined) since = end(why) ? now : undefined;
    else if (why === 'SIGINT' && now - since > ECHO_MS) hurry();
  };
  for (const name of NAMES) process.on(name, () => hear(name));
  for (const [stream, why] of [
    [process.stdout, 'stdout-closed'],
    [process.stderr, 'stderr-closed'],
  ] as const) {
    stream.on('error', (error) => {
      if (isClosedPipe(error)) hear(why);
    });
  }
}
