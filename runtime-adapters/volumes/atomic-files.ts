import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ResolvedFile } from '../../contracts/runtime/volumes.ts';

/** The link to the folder with the present files; names that start with two dots belong to the writer. */
const DATA = '..data';
const FOLDER_MODE = 0o755;
const GROUP_READ = 0o440;
const GROUP_FOLDER = 0o2550;

export interface AtomicFilesOptions {
  readonly files: readonly ResolvedFile[];
  readonly defaultMode: number;
  /** Owns the files, and may read them. */
  readonly fsGroup?: number;
}

/**
 * Makes a folder hold exactly these files. Programs that read them see either all old files or all new ones: the names in the
 * folder are links through `..data`, which is exchanged in one step.
 * @see kubernetes pkg/volume/util/atomic_writer.go
 */
export async function writeAtomically(folder: string, options: AtomicFilesOptions): Promise<void> {
  const { files } = options;
  const before = await readlink(join(folder, DATA)).catch(() => undefined);
  if (before !== undefined && (await holds(join(folder, before), options))) {
    await removeLeftovers(folder, before, files);
    return;
  }
  const made = await makeFolder(folder);
  for (const file of files) await writeOne(join(folder, made), file, options);
  for (const name of namesOf(files)) await link(join(DATA, name), join(folder, name));
  const next = join(folder, '..data_tmp');
  await rm(next, { force: true });
  await symlink(made, next);
  await rename(next, join(folder, DATA));
  await removeLeftovers(folder, made, files);
}

/** The names that a container sees in the volume's root. */
const namesOf = (files: readonly ResolvedFile[]): ReadonlySet<string> =>
  new Set(files.map(({ path }) => path.split('/', 1)[0] ?? ''));

const bytesOf = (file: ResolvedFile): Buffer =>
  'text' in file ? Buffer.from(file.text, 'utf8') : Buffer.from(file.base64, 'base64');

const modeOf = (file: ResolvedFile, { defaultMode, fsGroup }: AtomicFilesOptions): number =>
  (file.mode ?? defaultMode) | (fsGroup === undefined ? 0 : GROUP_READ);

/** Whether a folder holds exactly these files already. */
async function holds(data: string, options: AtomicFilesOptions): Promise<boolean> {
  if ((await countFiles(data)) !== options.files.length) return false;
  for (const file of options.files) {
    const path = join(data, file.path);
    const info = await lstat(path).catch(() => undefined);
    if (info?.isFile() !== true || (info.mode & 0o777) !== modeOf(file, options)) return false;
    if (!bytesOf(file).equals(await readFile(path))) return false;
  }
  return true;
}

async function countFiles(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  let count = 0;
  for (const entry of entries) count += entry.isDirectory() ? await countFiles(join(folder, entry.name)) : 1;
  return count;
}

async function makeFolder(folder: string): Promise<string> {
  const name = `..${new Date().toISOString().slice(0, 19).replaceAll(/[-T:]/g, '_')}.${process.hrtime.bigint()}`;
  await mkdir(join(folder, name));
  await chmod(join(folder, name), FOLDER_MODE);
  return name;
}

async function writeOne(root: string, file: ResolvedFile, options: AtomicFilesOptions): Promise<void> {
  const { fsGroup } = options;
  const path = join(root, file.path);
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
  await writeFile(path, bytesOf(file), { flag: 'wx' });
  await chmod(path, modeOf(file, options));
  if (file.ownerUid !== undefined || fsGroup !== undefined) {
    const { uid, gid } = await lstat(path);
    await chown(path, file.ownerUid ?? uid, fsGroup ?? gid);
  }
  if (fsGroup !== undefined) await shareFolders(root, dirname(path), fsGroup);
}

async function shareFolders(root: string, folder: string, fsGroup: number): Promise<void> {
  for (let at = folder; at.length >= root.length; at = dirname(at)) {
    const { uid, mode } = await lstat(at);
    await chown(at, uid, fsGroup);
    await chmod(at, (mode & 0o7777) | GROUP_FOLDER);
  }
}

async function link(to: string, path: string): Promise<void> {
  try {
    await symlink(to, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Removes names that are no longer files, and the folders of earlier contents. */
async function removeLeftovers(folder: string, present: string, files: readonly ResolvedFile[]): Promise<void> {
  const names = namesOf(files);
  for (const name of await readdir(folder)) {
    const kept = name.startsWith('..') ? name === DATA || name === present : names.has(name);
    if (!kept) await rm(join(folder, name), { recursive: true, force: true });
  }
}
