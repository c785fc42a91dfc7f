/** `metadata` as the api-server handles it, of objects of any kind. */
interface Meta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly [more: string]: unknown;
}

interface OwnerReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** An object of any kind, never to be mutated: what is built from it shares its parts. */
export interface Obj {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: Meta;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly [more: string]: unknown;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object with its metadata changed; fields given as `undefined` are removed. */
export function withMeta(object: Obj, change: Readonly<Record<string, unknown>>): Obj {
  const metadata: Record<string, unknown> = { ...object.metadata, ...change };
  for (const name of Object.keys(change)) if (change[name] === undefined) delete metadata[name];
  return { ...object, metadata };
}

/** The object as it is after a write at `revision`. */
export const atRevision = (object: Obj, revision: number): Obj => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(revision) },
});

/** Revision of an object that was read; 0 when it carries none. */
export const revisionOf = (object: Obj): number => Number(object.metadata.resourceVersion ?? 0);

/** Do two JSON values say the same? A field that is `undefined` is as good as absent. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((value, at) => sameJson(value, b[at]));
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const name in left) if (!sameJson(left[name], right[name])) return false;
  for (const name in right) if (right[name] !== undefined && left[name] === undefined) return false;
  return true;
}

const sizes = new WeakMap<object, number>();
/** Length of the object's JSON in UTF-16 units; remembered, because objects of the cache are listed again and again. */
export function jsonSize(object: object): number {
  const known = sizes.get(object);
  if (known !== undefined) return known;
  const size = JSON.stringify(object).length;
  sizes.set(object, size);
  return size;
}
