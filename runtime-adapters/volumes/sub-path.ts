import { chmod, mkdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Whether a path is `root` or lies below it. Pure. */
export const isWithin = (root: string, path: string): boolean => path === root || path.startsWith(`${root}/`);

/** Whether a sub-path is relative and has no `..`. Pure. */
export const isInside = (subPath: string): boolean => !subPath.startsWith('/') && !subPath.split('/').includes('..');

/**
 * Finds a path inside a volume, through links, and makes missing folders with the volume's permissions.
 * @param mayMake  false for volumes whose files are given
 * @returns the volume's real path, and the real path within it
 * @throws Error when the path leaves the volume or does not exist
 */
export async function findSubPath(
  volume: string,
  subPath: string,
  mayMake: boolean,
): Promise<{ readonly root: string; readonly path: string }> {
  if (!isInside(subPath)) throw new Error(`subPath ${subPath} must be relative and must not contain ".."`);
  const root = await realpath(volume);
  const { mode } = await stat(root);
  let path = root;
  for (const name of subPath.split('/').filter((part) => part !== '' && part !== '.')) {
    const next = join(path, name);
    let real = await realpath(next).catch(() => undefined);
    if (real === undefined) {
      if (!mayMake) throw new Error(`subPath ${subPath} does not exist in the volume`);
      await mkdir(next);
      await chmod(next, mode & 0o7777);
      real = await realpath(next);
    }
    if (!isWithin(root, real)) throw new Error(`subPath ${subPath} leaves the volume`);
    path = real;
  }
  return { root, path };
}
