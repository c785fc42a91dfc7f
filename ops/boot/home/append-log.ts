import { appendFileSync, renameSync, statSync } from 'node:fs';

const BYTES_MOST = 16 * 1024 * 1024;

/** nats-server tells the time itself. */
const DATED = /^\[\d+\] \d{4}\/\d\d\/\d\d /;

/**
 * Appends a line, with the time, to a log file that only its owner may read. One that has grown too large becomes `<file>.1`, in the place
 * of the one before. What cannot be written, on a full disk, is lost: nothing else may stop because of it.
 */
export function appendLog(file: string, line: string, bytesMost = BYTES_MOST): void {
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > bytesMost) renameSync(file, `${file}.1`);
    const dated = DATED.test(line) ? line : `${new Date().toISOString()} ${line}`;
    appendFileSync(file, `${dated}\n`, { mode: 0o600 });
  } catch {
    // said above
  }
}
