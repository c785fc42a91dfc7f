import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { statusError } from '../../contracts/errors/status.ts';

export const BUSYBOX_PLACES = [
  '/bin/busybox',
  '/usr/bin/busybox',
  '/bin/busybox.static',
  '/usr/bin/busybox-static',
  '/sbin/busybox',
];
const PROGRAM_INTERPRETER = 3;

export interface Busybox {
  readonly binary: Buffer;
  /** The programs that it contains: `sh`, `httpd` … */
  readonly applets: readonly string[];
}

/** Finds a static busybox on the machine. @throws StatusError NotFound */
export async function findStaticBusybox(places: readonly string[] = BUSYBOX_PLACES): Promise<Busybox> {
  for (const path of places) {
    const binary = await readFile(path).catch(() => undefined);
    if (binary === undefined || !isStaticElf(binary)) continue;
    const { stdout } = await promisify(execFile)(path, ['--list'], { timeout: 10_000 });
    return { binary, applets: stdout.split('\n').filter((name) => name !== '' && name !== 'busybox') };
  }
  throw statusError(
    'NotFound',
    `build a local image: found no static busybox at ${places.join(', ')}; install one (Debian: apt-get install busybox-static)`,
  );
}

/** Whether a file is a 64-bit little-endian ELF program without a dynamic loader, so that it runs in an otherwise empty image. */
export function isStaticElf(file: Buffer): boolean {
  if (file.length < 64 || file.toString('latin1', 0, 4) !== '\x7fELF' || file[4] !== 2 || file[5] !== 1) return false;
  const table = Number(file.readBigUInt64LE(32));
  const size = file.readUInt16LE(54);
  const count = file.readUInt16LE(56);
  if (size < 4 || table + size * count > file.length) return false;
  for (let at = 0; at < count; at += 1) {
    if (file.readUInt32LE(table + at * size) === PROGRAM_INTERPRETER) return false;
  }
  return true;
}
