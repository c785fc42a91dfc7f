import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The bytes of every file below a folder, as latin1. A server that runs replaces its files: what is gone by now holds nothing. */
export function readFilesBelow(folder: string): readonly string[] {
  const entries = unlessGone(() => readdirSync(folder, { withFileTypes: true })) ?? [];
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return readFilesBelow(path);
    const bytes = entry.isFile() ? unlessGone(() => readFileSync(path)) : undefined;
    return bytes === undefined ? [] : [bytes.toString('latin1')];
  });
}

function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
}
