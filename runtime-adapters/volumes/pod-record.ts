import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { PodFolder } from '../../contracts/runtime/volumes.ts';

/** What is remembered of a pod's folder, in the folder itself. */
export interface PodRecord extends PodFolder {
  /** Nodes on one machine may share the folder of all pods. */
  readonly node: string;
  readonly volumes: Readonly<Record<string, VolumeRecord>>;
}
export interface VolumeRecord {
  /** Where it is on the node. */
  readonly path: string;
  /** A tmpfs is mounted there. */
  readonly memory?: boolean;
  /** Its files are given; a sub-path is not made. */
  readonly files?: boolean;
}

const FILE = 'pod.json';

/** @returns `undefined` when the folder has no record that can be read */
export async function readRecord(folder: string): Promise<PodRecord | undefined> {
  try {
    const found = JSON.parse(await readFile(join(folder, FILE), 'utf8')) as PodRecord;
    return typeof found.pod?.uid === 'string' && typeof found.node === 'string' ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Makes the folder where there is none. In one step, so that a crash leaves the old record or the new one, and no folder without. */
export async function writeRecord(folder: string, record: PodRecord): Promise<void> {
  const words = `${JSON.stringify(record)}\n`;
  if (await exists(folder)) {
    const next = join(folder, `.${FILE}.next`);
    await writeFile(next, words, { mode: 0o600 });
    return rename(next, join(folder, FILE));
  }
  const next = join(dirname(folder), `.${basename(folder)}.next`);
  await rm(next, { recursive: true, force: true });
  await mkdir(next, { recursive: true, mode: 0o750 });
  await writeFile(join(next, FILE), words, { mode: 0o600 });
  return rename(next, folder);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
