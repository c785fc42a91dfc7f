import type { Stats } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import type { HostPath, HostPathType } from '../../contracts/runtime/volumes.ts';

const IS: Readonly<Record<Exclude<HostPathType, ''>, readonly [(found: Stats) => boolean, string]>> = {
  DirectoryOrCreate: [(found) => found.isDirectory(), 'a directory'],
  Directory: [(found) => found.isDirectory(), 'a directory'],
  FileOrCreate: [(found) => found.isFile(), 'a file'],
  File: [(found) => found.isFile(), 'a file'],
  Socket: [(found) => found.isSocket(), 'a socket file'],
  CharDevice: [(found) => found.isCharacterDevice(), 'a character device'],
  BlockDevice: [(found) => found.isBlockDevice(), 'a block device'],
};

/**
 * Checks that a path of the node is of the requested type, and makes it where the type says so. Without a type, a folder is
 * made where nothing is, as Docker does for Kubernetes.
 * @throws Error in Kubernetes' words
 */
export async function prepareHostPath({ path, type }: HostPath): Promise<void> {
  let found = await stat(path).catch(() => undefined);
  if (found === undefined && (type === 'DirectoryOrCreate' || type === '')) {
    await mkdir(path, { recursive: true, mode: 0o755 });
    found = await stat(path);
  } else if (found === undefined && type === 'FileOrCreate') {
    await (await open(path, 'a', 0o644)).close(); // its folder is not made, as in Kubernetes
    found = await stat(path);
  }
  if (type === '') return;
  const [is, what] = IS[type];
  if (found === undefined || !is(found)) throw new Error(`hostPath type check failed: ${path} is not ${what}`);
}
