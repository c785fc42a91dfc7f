import type { Plain } from '../../../contracts/json-values.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { lastAppliedOf, withLastApplied } from '../../../contracts/merge/last-applied.ts';
import { type Obj, withMeta } from '../object.ts';
import type { Served } from '../served-kinds.ts';

/** The object to create from a manifest: with the manifest as its last-applied annotation, for the next apply. */
export const planCreate = (manifest: Obj): Obj => withLastApplied(manifest, manifest as Plain) as Obj;

/**
 * Merges a manifest into the live object: fields of the manifest are set, fields of the last-applied manifest that are no
 * longer in it are removed, all others stay. Pure.
 * @param live in the client's API version
 */
export function planApply({ kind, version }: Served, manifest: Obj, live: Obj): Obj {
  // A manifest without annotations would otherwise remove those of others, and the last-applied annotation.
  const annotated = withMeta(manifest, { annotations: manifest.metadata.annotations ?? {} });
  // The same for a Secret's `stringData`: its entries become entries of `data`, and are recorded as such.
  const next = kind.resource === 'secrets' && manifest['stringData'] ? { data: {}, ...annotated } : annotated;
  const merged = version.schema.merge({ lastApplied: lastAppliedOf(live), live, next });
  const recorded = withLastApplied(merged as KubeObject, manifest as Plain) as Obj;
  // A resourceVersion is a precondition only if the manifest itself sets it.
  return withMeta(recorded, { resourceVersion: manifest.metadata.resourceVersion });
}
