import { existsSync, readFileSync } from 'node:fs';
import { type BuildInfo, buildName } from './build-name.ts';

const ROOMS = ['contracts', 'actors', 'runtime-adapters', 'ops'];

/** Of the nearest package.json above, from the sources and from `dist` alike. */
function packageVersion(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    const file = new URL('package.json', folder);
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
    if (folder.href === new URL('..', folder).href) return 'unknown';
  }
}

/** None where sources run as they are, as in tests, or where the compiler's notes can't be read. */
function compiled(): readonly BuildInfo[] | undefined {
  try {
    const notes = ROOMS.map((room) => {
      const file = new URL(`../../../${room}/tsconfig.tsbuildinfo`, import.meta.url);
      return JSON.parse(readFileSync(file, 'utf8')) as Partial<BuildInfo>;
    });
    return notes.every(isBuildInfo) ? notes : undefined;
  } catch {
    return undefined;
  }
}
const isBuildInfo = (notes: Partial<BuildInfo>): notes is BuildInfo =>
  Array.isArray(notes.fileNames) && Array.isArray(notes.fileInfos);

/** Name of this build, `0.1.0+3f9a12bc04`: recorded at every start of an actor, and told by logs, Nodes and `troupe version`. */
export const BUILD = buildName(packageVersion(), compiled());
