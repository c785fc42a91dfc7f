import { existsSync, readFileSync } from 'node:fs';
import { type BuildInfo, buildName } from './build-name.ts';

const PROJECTS = ['contracts', 'actors', 'runtime-adapters', 'ops'];

/** The version in the nearest package.json above this file, in the sources or in `dist`. */
function packageVersion(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    const file = new URL('package.json', folder);
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
    if (folder.href === new URL('..', folder).href) return 'unknown';
  }
}

/** `undefined` when the sources run uncompiled, as in tests, or the .tsbuildinfo files cannot be read. */
function compiled(): readonly BuildInfo[] | undefined {
  try {
    const infos = PROJECTS.map((project) => {
      const file = new URL(`../../../${project}/tsconfig.tsbuildinfo`, import.meta.url);
      return JSON.parse(readFileSync(file, 'utf8')) as Partial<BuildInfo>;
    });
    return infos.every(isBuildInfo) ? infos : undefined;
  } catch {
    return undefined;
  }
}
const isBuildInfo = (info: Partial<BuildInfo>): info is BuildInfo =>
  Array.isArray(info.fileNames) && Array.isArray(info.fileInfos);

/** Name of this build, `0.1.0+3f9a12bc04`: recorded at every start of an actor; shown in logs, Nodes and `troupe version`. */
export const BUILD = buildName(packageVersion(), compiled());
