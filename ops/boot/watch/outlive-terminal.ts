import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const STANDARD = [0, 1, 2];

/**
 * Lets this process end in order though its terminal be gone by then. Node gives each terminal that it began with its
 * settings back, and aborts (SIGABRT) when that fails for another reason than a lack of permission (node.cc, ResetStdio);
 * what is no longer the file that it was, it leaves alone.
 */
export function outliveTerminal(): void {
  const terminals = STANDARD.filter((descriptor) => isatty(descriptor));
  process.once('exit', () => {
    for (const descriptor of terminals) {
      if (isatty(descriptor)) continue; // it answers
      closeSync(descriptor);
      openSync('/dev/null', 'r+'); // gets the lowest number that is free: the same
    }
  });
}
