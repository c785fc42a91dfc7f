import { appendFileSync, renameSync, statSync } from 'node:fs';

const BYTES_MOST = 16 * 1024 * 1024;

/** Lines of nats-server begin with the time already. */
const DATED = /^\[\d+\] \d{4}\/\d\d\/\d\d /;

/**
 * Appends a line, with the time, to a log file that only its owner may read. A file that has grown too large is renamed to
 * `<file>.1`, which replaces the previous one. Write errors are ignored: a full disk must not stop the caller.
 */
export function appendLog(file: string, line: string, bytesMost = BYTES_MOST): void {
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > bytesMost) renameSync(file, `${file}.1`);
    const dated = DATED.test(line) ? line : `${new Date().toISOString()} ${line}`;
    appendFileSync(file, `${dated}\n`, { mode: 0o600 });
  } catch {
    // ignored, see above
  }
}
