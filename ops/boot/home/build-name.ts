import { createHash } from 'node:crypto';

/** What the compiler keeps beside what it makes of a room: which files it took, and a hash of each. */
export interface BuildInfo {
  readonly fileNames: readonly string[];
  readonly fileInfos: readonly (string | { readonly version: string })[];
}

/** Letters of the hash in a build's name. */
const LETTERS = 10;

/**
 * The version, and behind a plus what tells builds of one version apart: a hash of the sources, equal on every machine. Pure.
 * @param rooms `undefined`: nothing was compiled
 */
export function buildName(version: string, rooms: readonly BuildInfo[] | undefined): string {
  if (rooms === undefined) return version;
  const sources = rooms.flatMap(({ fileNames, fileInfos }) =>
    fileNames.flatMap((name, at) => {
      const info = fileInfos[at];
      // What is installed is told by the lock file, and lies elsewhere on other machines.
      if (info === undefined || name.includes('node_modules/')) return [];
      return [`${name} ${typeof info === 'string' ? info : info.version}`];
    }),
  );
  const hash = createHash('sha256').update([...new Set(sources)].sort().join('\n'));
  return `${version}+${hash.digest('hex').slice(0, LETTERS)}`;
}

/** `0.1.0` of `0.1.0+3f9a12bc04`; `undefined` of a name that is not made of a version, as an embedding service may have. */
export const versionOfBuild = (build: string): string | undefined => /^(\d+(?:\.\d+)*)(?:\+|$)/.exec(build)?.[1];
