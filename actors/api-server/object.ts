import type { KubeObject, ObjectMeta } from '../../contracts/kinds/kinds.ts';

/** An object of any kind. It must not be mutated: objects that are derived from it share its parts. */
export interface Obj extends Readonly<KubeObject> {
  readonly metadata: Readonly<ObjectMeta>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly [more: string]: unknown;
}

/** A copy with changed metadata; fields that are `undefined` in `change` are removed. */
export function withMeta(object: Obj, change: Readonly<Record<string, unknown>>): Obj {
  const metadata: Record<string, unknown> = { ...object.metadata, ...change };
  for (const name of Object.keys(change)) if (change[name] === undefined) delete metadata[name];
  return { ...object, metadata };
}

/** The object with the resourceVersion of a write at `revision`. */
export const atRevision = (object: Obj, revision: number): Obj => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(revision) },
});

/** The object's resourceVersion as a number; 0 when it has none. */
export const revisionOf = (object: Obj): number => Number(object.metadata.resourceVersion ?? 0);

const sizes = new WeakMap<object, number>();
/** Length of the object's JSON in UTF-16 units; memoised, because objects of the cache are listed many times. */
export function jsonSize(object: object): number {
  const known = sizes.get(object);
  if (known !== undefined) return known;
  const size = JSON.stringify(object).length;
  sizes.set(object, size);
  return size;
}
