import { execFile } from 'node:child_process';

const TIMEOUT_MS = 30_000;
const KIB = 1024;

/**
 * The space that folders take on disk, by path. It walks all their files, so the figures are kept for a while; a folder that
 * cannot be read, or that takes too long, has none.
 */
export class FolderSizes {
  readonly #keepMs: number;
  readonly #known = new Map<string, { readonly at: number; readonly bytes: number }>();

  constructor(keepMs = 60_000) {
    this.#keepMs = keepMs;
  }

  async of(paths: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const now = Date.now();
    const wanted = new Set(paths);
    for (const path of this.#known.keys()) if (!wanted.has(path)) this.#known.delete(path);
    const due = paths.filter((path) => now - (this.#known.get(path)?.at ?? -Infinity) >= this.#keepMs);
    if (due.length > 0) {
      for (const [path, bytes] of await diskUsage(due)) this.#known.set(path, { at: now, bytes });
    }
    return new Map([...this.#known].map(([path, { bytes }]) => [path, bytes]));
  }
}

/** `du` prints what it could read, also when it fails in part. Each path stays on its own filesystem. */
function diskUsage(paths: readonly string[]): Promise<readonly (readonly [string, number])[]> {
  return new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: 16 * 2 ** 20 };
    execFile('du', ['-l', '-x', '-s', '-k', '--', ...paths], options, (_error, stdout) => {
      const lines = stdout.split('\n').flatMap((line) => {
        const match = /^(\d+)\t(.*)$/.exec(line);
        return match === null ? [] : [[match[2] ?? '', Number(match[1]) * KIB] as const];
      });
      resolve(lines);
    });
  });
}
