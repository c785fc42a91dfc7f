import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const STANDARD = [0, 1, 2];

/**
 * Lets this process exit normally after its terminal is gone. At exit Node restores the settings of each terminal that it started
 * with, and aborts (SIGABRT) when that fails for another reason than a lack of permission (node.cc, ResetStdio). It skips a
 * descriptor that now refers to another file, so the descriptors of lost terminals are redirected to /dev/null.
 */
export function outliveTerminal(): void {
  const terminals = STANDARD.filter((descriptor) => isatty(descriptor));
  process.once('exit', () => {
    for (const descriptor of terminals) {
      if (isatty(descriptor)) continue; // the terminal is still there
      closeSync(descriptor);
      openSync('/dev/null', 'r+'); // gets the lowest free number, which is the same
    }
  });
}
