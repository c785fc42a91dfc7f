import type { Plain } from '../../../contracts/json-values.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { lastAppliedOf, withLastApplied } from '../../../contracts/merge/last-applied.ts';
import { applyThreeWay } from '../../../contracts/merge/three-way.ts';
import { type Obj, withMeta } from '../object.ts';
import type { Served } from '../served.ts';

/** A manifest on its way to become an object: with a record of itself, so that the next apply knows what it said. */
export const planFirst = (manifest: Obj): Obj => withLastApplied(manifest, manifest as Plain) as Obj;

/**
 * The live object brought to what the manifest says: what it says is set, what it said last time and says no longer is
 * removed, what it never mentioned stays. Pure.
 * @param live as the client's version shows it
 */
export function planApply({ kind, version }: Served, manifest: Obj, live: Obj): Obj {
  const of = { type: version.type, mergeKeys: kind.mergeKeys };
  // With no annotations at all it would take away those of others, and its own record.
  const annotated = withMeta(manifest, { annotations: manifest.metadata.annotations ?? {} });
  // The same with a Secret's entries: in plain text they become entries of `data`, and are recorded as such.
  const next = kind.resource === 'secrets' && manifest['stringData'] ? { data: {}, ...annotated } : annotated;
  const merged = applyThreeWay(of, { lastApplied: lastAppliedOf(live), live, next });
  const recorded = withLastApplied(merged as KubeObject, manifest as Plain) as Obj;
  // Only a version that the manifest itself names is a condition.
  return withMeta(recorded, { resourceVersion: manifest.metadata.resourceVersion });
}
