import { constants } from 'node:os';
import { outliveTerminal } from './outlive-terminal.ts';

const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Why a process shall end: a signal, or whoever read its standard output (`unread`) or its errors (`untold`) has left. */
export type End = (typeof NAMES)[number] | 'unread' | 'untold';

/** As a shell reports it; that nobody reads any more is no failure. */
export const exitCodeOf = (end: End): number =>
  end === 'unread' || end === 'untold' ? 0 : 128 + constants.signals[end];

/** Has whoever read a stream left? Anything else, such as a full disk, may pass, and whoever writes is told of it. */
export const isUnread = ({ code }: NodeJS.ErrnoException): boolean => code === 'EPIPE' || code === 'EIO';

/** npm hands on the Ctrl-C that the terminal has sent to all of its processes: that is no second one. */
const ECHO_MS = 500;

/**
 * Hears that this process shall end: Ctrl-C, SIGTERM, its terminal is closed, or its output goes nowhere any more. Asked
 * again, whatever is under way goes on: a terminal that is closed says so several times.
 * @param end answers whether it heeds that
 * @param hurry Ctrl-C once more: a person does not want to wait
 */
export function hearEnd(end: (why: End) => boolean, hurry: () => void): void {
  outliveTerminal();
  let since: number | undefined;
  const hear = (why: End): void => {
    const now = performance.now();
    if (since === undefined) since = end(why) ? now : undefined;
    else if (why === 'SIGINT' && now - since > ECHO_MS) hurry();
  };
  for (const name of NAMES) process.on(name, () => hear(name));
  for (const [stream, why] of [
    [process.stdout, 'unread'],
    [process.stderr, 'untold'],
  ] as const) {
    stream.on('error', (error) => {
      if (isUnread(error)) hear(why);
    });
  }
}
