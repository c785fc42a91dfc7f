import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { UsageError } from '../shared/errors.ts';
import { type ManifestObject, parseManifest } from './parse-manifest.ts';

/**
 * The objects of all manifests given with `-f`: files, folders (their .yaml, .yml and .json files, in name order), `-` for stdin.
 * @throws UsageError with every problem, its file and its line
 */
export async function readManifests(
  paths: readonly string[],
  options: { readonly recursive?: boolean } = {},
): Promise<readonly ManifestObject[]> {
  const objects: ManifestObject[] = [];
  const problems: string[] = [];
  for (const path of paths) {
    for (const { source, content } of path === '-' ? [await readStdin()] : readPath(path, options.recursive === true)) {
      for (const found of parseManifest(content, source)) {
        if ('problem' in found) problems.push(found.problem);
        else objects.push(found);
      }
    }
  }
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  if (objects.length === 0)
    throw new UsageError(
      `no object found in ${paths.map((path) => (path === '-' ? 'stdin' : path)).join(', ')}; a manifest needs apiVersion, kind and metadata.name`,
    );
  return objects;
}

interface Source {
  readonly source: string;
  readonly content: string;
}

async function readStdin(): Promise<Source> {
  return { source: 'stdin', content: textOf(await buffer(process.stdin), 'stdin') };
}

/** @throws UsageError when it is not UTF-8: it would be stored with wrong characters */
function textOf(bytes: Uint8Array, source: string): string {
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes);
  throw new UsageError(`${source}: is not UTF-8; convert it, for example with "iconv -f latin1 -t utf-8"`);
}

function readPath(path: string, recursive: boolean): Source[] {
  if (/^https?:\/\//.test(path))
    throw new UsageError(`${path}: URLs are not supported; download it: curl -fsSL ${path} | troupe apply -f -`);
  try {
    if (!statSync(path).isDirectory()) return [{ source: path, content: textOf(readFileSync(path), path) }];
    return readdirSync(path, { withFileTypes: true })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const inner = join(path, entry.name);
        if (entry.isDirectory()) return recursive ? readPath(inner, true) : [];
        return /\.(ya?ml|json)$/.test(entry.name)
          ? [{ source: inner, content: textOf(readFileSync(inner), inner) }]
          : [];
      });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT')
      throw new UsageError(`${path}: no such file or folder; give -f a manifest, a folder of them, or - for stdin`);
    throw new UsageError(`${path}: cannot be read (${code ?? String(error)})`);
  }
}
