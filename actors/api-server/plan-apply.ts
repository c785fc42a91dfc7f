import type { KindVersion } from '../../contracts/kinds/kind.ts';
import { LAST_APPLIED } from '../../contracts/messages/api.ts';
import { isRecord, type Obj, withMeta } from './object.ts';

/** The manifest with itself as its annotation, so that the next apply knows what this one said. */
export function withLastApplied(manifest: Obj): Obj {
  const { [LAST_APPLIED]: _, ...annotations } = manifest.metadata.annotations ?? {};
  const bare = withMeta(manifest, { annotations: Object.keys(annotations).length > 0 ? annotations : undefined });
  return withMeta(bare, { annotations: { ...annotations, [LAST_APPLIED]: `${JSON.stringify(bare)}\n` } });
}

/** What the manifest said when it was applied last; nothing when it never was, or when that cannot be read. */
export function lastApplied(current: Obj): unknown {
  const text = current.metadata.annotations?.[LAST_APPLIED];
  if (text === undefined) return undefined;
  try {
    const said: unknown = JSON.parse(text);
    return isRecord(said) ? said : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The current object brought to what the manifest says: what it says is set, what it said last time and says no longer is
 * removed, what it never mentioned stays. Pure.
 * @param current as the client's version shows it
 */
export function planApply(_version: KindVersion, manifest: Obj, current: Obj): Obj {
  const wanted = withLastApplied(manifest);
  const merged = threeWay(lastApplied(current), wanted, current) as Obj;
  return withMeta(merged, { resourceVersion: manifest.metadata.resourceVersion });
}

function threeWay(before: unknown, wanted: unknown, current: unknown): unknown {
  if (!isRecord(wanted)) return wanted;
  const merged: Record<string, unknown> = isRecord(current) ? { ...current } : {};
  if (isRecord(before)) for (const name of Object.keys(before)) if (!Object.hasOwn(wanted, name)) delete merged[name];
  for (const [name, value] of Object.entries(wanted)) {
    if (value === null) delete merged[name];
    else merged[name] = threeWay(isRecord(before) ? before[name] : undefined, value, merged[name]);
  }
  return merged;
}
