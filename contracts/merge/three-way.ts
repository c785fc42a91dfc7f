import { isPlain, own, type Plain, sameValue } from '../json-values.ts';
import type { FieldNode, TypeNode } from '../kinds/schema.ts';
import type { MergeKey, MergeKeyTable } from './merge-keys.ts';

/** The three manifests of an apply, or the same part of each; `undefined` = absent. */
export interface ThreeWay {
  /** The manifest that was applied last. */
  readonly lastApplied: unknown;
  /** The stored object. */
  readonly live: unknown;
  /** The manifest to apply. */
  readonly next: unknown;
}

const part = (value: unknown, name: string): unknown => (isPlain(value) ? own(value, name) : undefined);
const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function mergeStruct(keys: MergeKeyTable, type: TypeNode, way: ThreeWay, retain: boolean): unknown {
  if (!isPlain(way.next)) return way.next;
  const next = way.next;
  const merged = new Map<string, unknown>(isPlain(way.live) ? Object.entries(way.live) : []);
  if (retain) for (const name of merged.keys()) if (!Object.hasOwn(next, name)) merged.delete(name);
  for (const name of Object.keys(isPlain(way.lastApplied) ? way.lastApplied : {})) {
    if (!Object.hasOwn(next, name)) merged.delete(name);
  }
  for (const name of Object.keys(next)) {
    const value = next[name];
    if (value === null) merged.delete(name);
    else if (value !== undefined) {
      const below = { lastApplied: part(way.lastApplied, name), live: part(way.live, name), next: value };
      merged.set(name, mergeField(keys, type, type.fields.get(name), below));
    }
  }
  return Object.fromEntries(merged);
}

function mergeField(keys: MergeKeyTable, owner: TypeNode, field: FieldNode | undefined, way: ThreeWay): unknown {
  if (field === undefined) return way.next; // an unknown field: `checkFields` reports it
  const key = keys[owner.name]?.[field.name] ?? {};
  if (field.shape === 'list') return mergeList(keys, field, key, way);
  if (field.shape === 'map') return mergeMap(way);
  if (field.type === undefined) return way.next;
  return mergeStruct(keys, field.type, way, key.retainKeys === true);
}

/** Merges maps from strings to plain values: labels, data, quantities. */
function mergeMap({ lastApplied, live, next }: ThreeWay): unknown {
  if (!isPlain(next)) return next;
  const merged = new Map<string, unknown>(isPlain(live) ? Object.entries(live) : []);
  for (const name of Object.keys(isPlain(lastApplied) ? lastApplied : {})) {
    if (!Object.hasOwn(next, name)) merged.delete(name);
  }
  for (const [name, value] of Object.entries(next)) {
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

/** An item's key as one text; `undefined` when a key field is missing or is not a plain value. */
function identity(item: unknown, { by = [], defaults = {} }: MergeKey): string | undefined {
  const values = by.length === 0 ? [item] : by.map((name) => part(item, name) ?? defaults[name]);
  return values.every((value) => value !== undefined && typeof value !== 'object') ? JSON.stringify(values) : undefined;
}

function byIdentity(list: readonly unknown[], key: MergeKey): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  for (const item of list) {
    const id = identity(item, key);
    if (id !== undefined) found.set(id, item);
  }
  return found;
}

/**
 * Merges a list with a merge key: first the items of `next`, in their order, each merged with the live item of the same key;
 * then the live items that were never applied. A list without a merge key is replaced, as is one with missing or equal keys.
 */
function mergeList(keys: MergeKeyTable, field: FieldNode, key: MergeKey, way: ThreeWay): unknown {
  if (key.by === undefined || !Array.isArray(way.next)) return way.next;
  const [last, live, next] = [items(way.lastApplied), items(way.live), items(way.next)].map((list) =>
    byIdentity(list, key),
  );
  if (last === undefined || live === undefined || next === undefined || next.size !== way.next.length) return way.next;
  const wanted = [...next].map(([id, item]) => {
    const below = { lastApplied: last.get(id), live: live.get(id), next: item };
    return field.type === undefined ? item : mergeStruct(keys, field.type, below, key.retainKeys === true);
  });
  const others = [...live].filter(([id]) => !next.has(id) && !last.has(id)).map(([, item]) => item);
  return [...wanted, ...others];
}

/**
 * Kubernetes' three-way apply: fields of `next` are set; fields of `lastApplied` that `next` omits are removed; all other live
 * fields (defaults, status, fields set by other writers) are kept. Lists of structs are merged by Kubernetes' merge keys.
 * Pure; the result may share parts with its arguments. Unknown fields are passed through, to be refused by `admit`.
 * @returns `live` itself when nothing changes
 */
export function applyThreeWay(
  of: { readonly type: TypeNode; readonly mergeKeys: MergeKeyTable },
  way: ThreeWay,
): Plain {
  const merged = mergeStruct(of.mergeKeys, of.type, way, false) as Plain;
  return isPlain(way.live) && sameValue(merged, way.live) ? way.live : merged;
}
