import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readlink } from 'node:fs/promises';

/** Mounting takes root; for other users, in-memory volumes are on disk, in a folder that only they may enter. */
export const mayMount = (): boolean => process.getuid?.() === 0;

/** Longest run of `mount` and `umount`. */
const TIMEOUT_MS = 20_000;
const O_PATH = 0x20_0000;

/** @param inherited  a file descriptor that the program has as number 3 */
async function run(program: string, args: readonly string[], inherited?: number): Promise<void> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe', ...(inherited === undefined ? [] : [inherited])],
    timeout: TIMEOUT_MS,
  });
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => void (words += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(words.trim() === '' ? `${program} ended with ${code ?? 'a signal'}` : words.trim());
}

/** @param sizeBytes  half of the machine's memory when absent */
export const mountTmpfs = (path: string, sizeBytes?: number): Promise<void> =>
  run('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes ?? '50%'},mode=0777`, 'tmpfs', path]);

export const unmount = (path: string): Promise<void> => run('umount', [path]);
/** The path is free at once; what uses the mount keeps it until it ends. */
export const detach = (path: string): Promise<void> => run('umount', ['-l', path]);

/**
 * Mounts a file or folder at another path.
 * @param isAllowed  checks the path that was opened, so that no link can be exchanged between check and mount
 */
export async function bindMount(source: string, target: string, isAllowed: (real: string) => boolean): Promise<void> {
  const file = await open(source, O_PATH | constants.O_NOFOLLOW);
  try {
    if (!isAllowed(await readlink(`/proc/self/fd/${file.fd}`))) throw new Error(`${source} leaves its volume`);
    // By descriptor: `mount` would look the name up again.
    await run('mount', ['--no-canonicalize', '--bind', '/proc/self/fd/3', target], file.fd);
  } finally {
    await file.close();
  }
}
