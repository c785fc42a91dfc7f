import { createHash } from 'node:crypto';

/** The part of a `tsconfig.tsbuildinfo` that is read: the compiled files and a hash of each. */
export interface BuildInfo {
  readonly fileNames: readonly string[];
  readonly fileInfos: readonly (string | { readonly version: string })[];
}

/** Length of the hash in a build's name. */
const LETTERS = 10;

/**
 * The name of a build: `<version>+<hash of the sources>`, equal on every machine; the version alone when nothing was compiled. Pure.
 * @param projects one entry for each compiled TypeScript project; `undefined` when nothing was compiled
 */
export function buildName(version: string, projects: readonly BuildInfo[] | undefined): string {
  if (projects === undefined) return version;
  const sources = projects.flatMap(({ fileNames, fileInfos }) =>
    fileNames.flatMap((name, at) => {
      const info = fileInfos[at];
      // Dependencies are fixed by the lock file, and their paths differ between machines.
      if (info === undefined || name.includes('node_modules/')) return [];
      return [`${name} ${typeof info === 'string' ? info : info.version}`];
    }),
  );
  const hash = createHash('sha256').update([...new Set(sources)].sort().join('\n'));
  return `${version}+${hash.digest('hex').slice(0, LETTERS)}`;
}

/** `0.1.0` of `0.1.0+3f9a12bc04`; `undefined` when the name does not begin with a version, as an embedding service's may. */
export const versionOfBuild = (build: string): string | undefined => /^(\d+(?:\.\d+)*)(?:\+|$)/.exec(build)?.[1];
